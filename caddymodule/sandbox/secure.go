package sandbox

import (
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/keys"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Secure is API 安全 of an app, seen from WeChat: `private_key` is the platform's, and `certificate` the public key of the app, with
// its number.
type Secure struct {
	keys.Keys

	// The platform's private key of before, with the number of its certificate: answers are signed by both then, as while WeChat changes
	// certificates. Default: they are signed by one.
	DeprecatedKey keys.Key `json:"deprecated_key,omitzero"`

	// The paths that are taken sealed only; plain calls of them get errcode 934011. Default: none.
	Demanded []string `json:"demanded,omitempty"`

	// Whether calls have to have the header `Wechatmp-Serial`; without it they get errcode 40230. Default: false.
	WantNumber bool `json:"want_number,omitempty"`
}

// expanded is a Secure without placeholders.
type expanded struct {
	Now, Before secure.Config // Before is empty where there is no DeprecatedKey
	Demanded    []string
}

// expand evaluates the placeholders of API 安全, by app id.
func expand(repl *caddy.Replacer, raw map[string]*Secure) (map[string]expanded, error) {
	all := make(map[string]expanded, len(raw))
	for rawID, s := range raw {
		id, err := repl.ReplaceOrErr(rawID, true, true)
		if err != nil {
			return nil, fmt.Errorf("secure: app id %q: %w", rawID, err)
		}
		if s == nil {
			return nil, fmt.Errorf("secure of app %q is empty", rawID)
		}
		e := expanded{Demanded: s.Demanded}
		if e.Now, err = s.Expand(); err != nil {
			return nil, fmt.Errorf("secure of app %q: %w", rawID, err)
		}
		e.Now.SendNumber = s.WantNumber
		if s.DeprecatedKey != (keys.Key{}) {
			before := s.Keys
			before.PrivateKey = s.DeprecatedKey
			if e.Before, err = before.Expand(); err != nil {
				return nil, fmt.Errorf("secure of app %q: deprecated_key: %w", rawID, err)
			}
		}
		all[id] = e
	}
	return all, nil
}

// secured reads the keys.
func secured(all map[string]expanded) (map[string]sandbox.Secured, error) {
	apps := make(map[string]sandbox.Secured, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		e := all[id]
		app := sandbox.Secured{Demanded: e.Demanded}
		var err error
		if app.Keys, err = secure.New(e.Now); err != nil {
			return nil, fmt.Errorf("secure of app %q: %w", id, err)
		}
		if e.Before.PrivateKey != "" {
			if app.Deprecated, err = secure.New(e.Before); err != nil {
				return nil, fmt.Errorf("secure of app %q: deprecated_key: %w", id, err)
			}
		}
		apps[id] = app
	}
	return apps, nil
}

// unmarshalSecure reads `secure <app_id> { … }`.
func (s *Sandbox) unmarshalSecure(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Err("secure wants an app_id and a block, nothing else") // what else stands there may be a key
	}
	if s.Secure[args[0]] != nil {
		return d.Errf("secure already specified: %s", args[0])
	}
	secure := new(Secure)
	in := secure.Words(d)
	maps.Copy(in, words.Subdirectives{
		"deprecated_key": func() error { return keys.Unmarshal(d, &secure.DeprecatedKey) },
		"demanded": func() error {
			more := d.RemainingArgs()
			if len(more) == 0 {
				return d.ArgErr()
			}
			secure.Demanded = append(secure.Demanded, more...)
			return nil
		},
		"want_number": func() error { return words.Flag(d, &secure.WantNumber) },
	})
	if err := words.Block(d, 1, in); err != nil {
		return err
	}
	if err := secure.Missing(); err != nil {
		return words.Located(d, fmt.Errorf("secure: %w", err))
	}
	if s.Secure == nil {
		s.Secure = make(map[string]*Secure)
	}
	s.Secure[args[0]] = secure
	return nil
}
