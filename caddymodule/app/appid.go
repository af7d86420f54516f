package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// checkAppID refuses what is no app_id. Placeholders can only be judged when their values are there. What does not begin as one may
// be a secret in the wrong place, and is not repeated.
func checkAppID(id string) error {
	switch {
	case words.IsDynamic(id), field.IsAppID(id):
		return nil
	case strings.HasPrefix(id, "gh_"):
		return fmt.Errorf("'%s' is an original id (原始ID), not an app_id: that is wx and 16 hex digits, and called AppID in the account's console", id)
	}
	shown := "this"
	if strings.HasPrefix(id, "wx") && len(id) < 2*len("wx0123456789abcdef") {
		shown = "'" + id + "'"
	}
	return fmt.Errorf("%s is no app_id: that is wx and 16 hex digits, and called AppID in the account's console", shown)
}

// errOneAppID says of two accounts that they are one.
func errOneAppID(one, other, appID string) error {
	names := []string{one, other}
	slices.Sort(names)
	return fmt.Errorf("accounts '%s' and '%s' have one app_id, %s: an official account has one name here; leave one of them out, and name the other in its routes (account %s)",
		names[0], names[1], appID, names[0])
}

// checkAppIDs refuses two accounts that turn out to be one.
func (a *App) checkAppIDs(names []string) error {
	byID := make(map[string]string)
	var errs []error
	for _, name := range names {
		id := a.Accounts[name].appID
		if other, ok := byID[id]; ok {
			err := words.Placed(a.Accounts[name].AppID, errOneAppID(other, name, id))
			errs = append(errs, words.Placed(a.Accounts[other].AppID, err)) // where one of the two is a placeholder
		}
		byID[id] = name
	}
	return errors.Join(errs...)
}
