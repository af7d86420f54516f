package cards

import (
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// acceptNone stands in a list of accepted fields that is meant to be empty.
const acceptNone = "none"

// ParseAccept reads which fields a client may send, of those possible. None named: outer_str.
func ParseAccept(names []string, possible field.Set) (field.Set, error) {
	if len(names) == 0 {
		return field.SetOf(field.OuterStr), nil
	}
	if slices.Equal(names, []string{acceptNone}) {
		return 0, nil
	}
	var set field.Set
	for _, name := range names {
		f, ok := field.Named(name)
		if !ok || !possible.Has(f) {
			return 0, fmt.Errorf("accept: '%s' is no field that clients could send here", name)
		}
		if set.Has(f) {
			return 0, fmt.Errorf("accept: %s already specified", name)
		}
		set |= 1 << f
	}
	return set, nil
}

// UnmarshalAccept reads `accept <field...>|none`.
func UnmarshalAccept(d *caddyfile.Dispenser, target *[]string, possible field.Set) error {
	if *target != nil {
		return words.AlreadySpecified(d, d.Val())
	}
	if *target = d.RemainingArgs(); len(*target) == 0 {
		return d.ArgErr()
	}
	_, err := ParseAccept(*target, possible)
	return words.Located(d, err)
}
