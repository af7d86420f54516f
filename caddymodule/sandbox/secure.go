package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/keys"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Secure is API 安全 of an app, seen from WeChat: `private_key` is the platform's, and `certificate` the public key of the app, with
// its number.
type Secure struct {
	keys.Keys

	// The platform's private key of before, with the number of its certificate, another than that of `private_key`: answers are signed by both
	// then, as while WeChat changes certificates. Default: they are signed by one.
	DeprecatedKey keys.Key `json:"deprecated_key,omitzero"`

	// The paths that are taken sealed only, in full, such as `/wxa/getuserriskrank`; plain calls of them get errcode 934011. Default: none.
	Demanded []string `json:"demanded,omitempty"`

	// Whether calls have to have the header `Wechatmp-Serial`; without it they get errcode 40230. Default: false.
	WantNumber bool `json:"want_number,omitempty"`
}

// expanded is a Secure without placeholders. What can be seen of it in JSON tells it from others.
type expanded struct {
	Now, Before secure.Config // Before is empty where there is no DeprecatedKey
	Demanded    []string

	written *Secure
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
		if _, twice := all[id]; twice {
			return nil, fmt.Errorf("secure of app %q: another has the same id", rawID)
		}
		if err := checkDemanded(s.Demanded); err != nil {
			return nil, fmt.Errorf("secure of app %q: %w", rawID, err)
		}
		e := expanded{Demanded: s.Demanded, written: s}
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

// literalSecrets names the keys that stand in the configuration as they are.
func (s *Sandbox) literalSecrets() (names []string) {
	for _, id := range slices.Sorted(maps.Keys(s.Secure)) {
		names = append(names, s.Secure[id].LiteralSecrets()...)
		if s.Secure[id].DeprecatedKey.IsLiteral() {
			names = append(names, "deprecated_key")
		}
	}
	return names
}

// secured reads the keys, for apps that a sandbox of this configuration has.
func secured(all map[string]expanded, cfg sandbox.Config) (map[string]sandbox.Secured, error) {
	apps := make(map[string]sandbox.Secured, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		e := all[id]
		if err := checkReach(id, e.Demanded, cfg); err != nil {
			return nil, fmt.Errorf("secure of app %q: %w", id, err)
		}
		app := sandbox.Secured{Demanded: e.Demanded}
		var err error
		if app.Keys, err = e.written.New(e.Now); err != nil {
			return nil, fmt.Errorf("secure of app %q: %w", id, err)
		}
		if e.Before.PrivateKey != "" {
			if app.Deprecated, err = e.deprecated(); err != nil {
				return nil, fmt.Errorf("secure of app %q: %w", id, err)
			}
		}
		apps[id] = app
	}
	return apps, nil
}

// deprecated reads the keys with the platform's of before. Whoever verifies an answer finds the certificate by its number, so that two
// cannot have the same.
func (e expanded) deprecated() (*secure.Keys, error) {
	const name = "deprecated_key"
	key := e.written.DeprecatedKey
	if e.Before.AsymmetricNumber == e.Now.AsymmetricNumber {
		return nil, e.written.Placed(name, key, errors.New("deprecated_key has the number of private_key; each certificate of the platform has its own"))
	}
	before, err := e.written.NewWith(name, key, e.Before)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return before, nil
}

// checkReach refuses what no call can come to: an app that there is not, and paths that another kind of account is for.
func checkReach(id string, demanded []string, cfg sandbox.Config) error {
	_, isApp := cfg.Apps[id]
	_, isMini := cfg.MiniPrograms[id]
	whose := wechat.Anybody
	switch {
	case isMini:
		whose = wechat.MiniProgram
	case cfg.Apps != nil && !isApp:
		return errors.New("neither app nor mini_program has it")
	case len(cfg.MiniPrograms) > 0:
		whose = wechat.OfficialAccount
	}
	for _, path := range demanded {
		if foreign, ok := errors.AsType[*wechat.ForeignToken](whose.CheckPath(path)); ok {
			return fmt.Errorf("demanded: calls of %s are refused before, for they want the access_token of another kind of account: %s", path, foreign.Wants)
		}
	}
	return nil
}

// checkDemanded refuses what is no path of a call, or is listed twice.
func checkDemanded(paths []string) error {
	for i, path := range paths {
		if !field.IsPath(path) {
			return fmt.Errorf("demanded: '%s' is no path of a call, like /wxa/getuserriskrank", path)
		}
		if slices.Contains(paths[:i], path) {
			return fmt.Errorf("demanded: %s is listed twice", path)
		}
	}
	return nil
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
		"deprecated_key": func() error { return secure.Unmarshal(d, &secure.DeprecatedKey) },
		"demanded": func() error {
			more := d.RemainingArgs()
			if len(more) == 0 {
				return d.ArgErr()
			}
			secure.Demanded = append(secure.Demanded, more...)
			return words.Located(d, checkDemanded(secure.Demanded))
		},
		"want_number": func() error { return words.Flag(d, &secure.WantNumber) },
	})
	if err := words.Block(d, 1, in); err != nil {
		return err
	}
	if err := secure.End(d); err != nil {
		return err
	}
	if s.Secure == nil {
		s.Secure = make(map[string]*Secure)
	}
	s.Secure[args[0]] = secure
	return nil
}
