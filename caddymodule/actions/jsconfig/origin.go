package jsconfig

import (
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

var errNoOrigin = errors.New("no origin is listed")

// checkAPIs refuses what is not the name of a JS interface.
func checkAPIs(names []string) error {
	for i, name := range names {
		if name == "" || !field.All(name, func(c byte) bool { return field.IsWord(c) || c == '.' || c == ':' }) {
			return fmt.Errorf("api: '%s' is not the name of a JS interface", name)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("api %s is listed twice", name)
		}
	}
	return nil
}
