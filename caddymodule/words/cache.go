package words

import (
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// CacheAge reads a `cache` option: how long something is used again, 0 for `off`, and unset where nothing is configured.
func CacheAge(value string, unset time.Duration) (time.Duration, error) {
	switch value {
	case "":
		return unset, nil
	case "off":
		return 0, nil
	}
	age, err := caddy.ParseDuration(value)
	if err != nil || age <= 0 {
		return 0, fmt.Errorf("cache is off or a duration greater than zero, not '%s'", value)
	}
	return age, nil
}

// Cache reads `cache <duration>|off`, which may stand once.
func Cache(d *caddyfile.Dispenser, target *string) error {
	if err := OneValue(d, target); err != nil {
		return err
	}
	_, err := CacheAge(*target, 0)
	return Located(d, err)
}
