// Package sandbox is the HTTP handler wechat_sandbox, a stand-in for WeChat.
package sandbox

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxSandboxLifetime is a day, in seconds: longer than WeChat's own, so that a demo can run overnight.
const maxSandboxLifetime = 24 * 60 * 60

// Sandbox is an HTTP handler that answers as WeChat's api.weixin.qq.com would, for development and tests: point `api` of
// the `wechat_card` app at it. Below `/_sandbox/phone/` it does what the WeChat client of a user would do with what a mini
// program passes to it; below `/_sandbox/` tests make calls fail and look at what happened. At `/` it shows browsers a page
// with such a phone, to try a gateway on. All of these answer clients on the same machine only, which every client is that
// a reverse proxy on this machine stands before.
//
// It keeps what it knows (tokens, cards, codes) in memory: across reloads as long as its own configuration stays the same,
// and together with every other sandbox of the same configuration.
type Sandbox struct {
	// The official accounts and mini programs that exist: app secrets by app id. Both may hold placeholders such as
	// `{env.WECHAT_APP_SECRET}`. Default: any id with any secret is good.
	App map[string]string `json:"app,omitempty"`

	// The mini programs: app secrets by app id, beside those of `app`. All other apps are official accounts then, and the token of the
	// one kind is refused below `/wxa/` or `/card/`. Default: none, any app is both.
	MiniProgram map[string]string `json:"mini_program,omitempty"`

	// The errcode of that refusal: 40001, as developers report it, or 48001, as WeChat's pages have it. Default: 40001.
	ForeignToken int `json:"foreign_token,omitempty"`

	// How `getuserphonenumber` tells the country's code: as a `string`, or as a `number`, as older pages of WeChat's have it.
	// Default: `string`.
	PhoneCountry string `json:"phone_country,omitempty"`

	// API 安全 (服务端 API 签名与加密), by the app ids that have it switched on. Default: none has.
	Secure map[string]*Secure `json:"secure,omitempty"`

	// The third-party platforms (第三方平台), by app id. Default: there is none.
	Component map[string]*Component `json:"component,omitempty"`

	// The lifetime of tokens and tickets in seconds, at most 86400. WeChat's five minutes, in which a superseded token
	// still works, scale to a quarter of it at most. Default: 7200, as at WeChat.
	ExpiresIn int `json:"expires_in,omitempty"`

	// What `getticket` gives to who asks again, which WeChat does not say and developers report differently: `fresh`, a new
	// ticket each time; `honest`, the same with its true rest while it lives; `grid`, the same, each time with a full life, until
	// WeChat changes it at a moment of its own, from which on the one before is no good. Default: `fresh`.
	Tickets string `json:"tickets,omitempty"`

	// The ids of the cards with codes of the merchant's own (use_custom_code). Other cards have WeChat's codes.
	CustomCodeCard []string `json:"custom_code_card,omitempty"`

	// A file that `caddy wechat-card record` has written: the calls in it are answered as it says, with values that mean nothing.
	// Default: none.
	Replay string `json:"replay,omitempty"`

	sandbox *sandbox.Sandbox
	poolKey string
}

// sandboxes are the sandboxes in use, by a hash of their configuration.
var sandboxes = caddy.NewUsagePool()

// pooledSandbox is a sandbox in the pool, which pushes to its platforms until nobody uses it any more.
type pooledSandbox struct {
	*sandbox.Sandbox

	stop func()
}

// Destruct implements caddy.Destructor.
func (p pooledSandbox) Destruct() error {
	p.stop()
	return nil
}

// CaddyModule returns the Caddy module information.
func (Sandbox) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.wechat_sandbox",
		New: func() caddy.Module { return new(Sandbox) },
	}
}

// Provision takes the sandbox out of the pool, or puts a new one into it. Errors say where in a Caddyfile the directive stands, or the word
// in it, if this process has read it.
func (s *Sandbox) Provision(ctx caddy.Context) error {
	return words.Placed(s.place(), s.provision(ctx))
}

func (s *Sandbox) provision(ctx caddy.Context) error {
	if s.ExpiresIn < 0 || s.ExpiresIn > maxSandboxLifetime {
		return fmt.Errorf("expires_in must be 1 to %d seconds", maxSandboxLifetime)
	}
	if s.Tickets != "" && !slices.Contains(sandbox.TicketRules, sandbox.TicketRule(s.Tickets)) {
		return fmt.Errorf("tickets must be fresh, honest or grid, not %q", s.Tickets)
	}
	cfg := sandbox.Config{
		Tickets:         sandbox.TicketRule(s.Tickets),
		ExpiresIn:       time.Duration(s.ExpiresIn) * time.Second,
		CustomCodeCards: s.CustomCodeCard,
	}
	if s.ForeignToken != 0 && !slices.Contains(sandbox.ForeignCodes, s.ForeignToken) {
		return fmt.Errorf("foreign_token must be 40001 or 48001, not %d", s.ForeignToken)
	}
	if s.PhoneCountry != "" && s.PhoneCountry != "string" && s.PhoneCountry != "number" {
		return fmt.Errorf("phone_country must be string or number, not %q", s.PhoneCountry)
	}
	cfg.ForeignToken, cfg.CountryAsNumber = s.ForeignToken, s.PhoneCountry == "number"
	repl := caddy.NewReplacer()
	var err error
	if cfg.Apps, err = apps(repl, s.App); err != nil {
		return err
	}
	if cfg.MiniPrograms, err = apps(repl, s.MiniProgram); err != nil {
		return err
	}
	if cfg.Components, err = components(repl, s.Component); err != nil {
		return err
	}
	for id := range cfg.Components {
		if cfg.Apps[id] != "" || cfg.MiniPrograms[id] != "" {
			return fmt.Errorf("component %q: app or mini_program has the same app id", id)
		}
	}
	secure, err := expand(repl, s.Secure)
	if err != nil {
		return err
	}
	apps, err := secured(secure, cfg)
	if err != nil {
		return err
	}
	if literal := s.literalSecrets(); len(literal) > 0 {
		ctx.Logger().Warn(words.LiteralSecrets, zap.Strings("secrets", literal))
	}

	if s.Replay != "" {
		name, err := repl.ReplaceOrErr(s.Replay, true, true)
		if err != nil {
			return words.Placed(s.Replay, fmt.Errorf("replay: %w", err))
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return words.Placed(s.Replay, fmt.Errorf("replay: %w", err))
		}
		if cfg.Replay, err = recording.Read(raw); err != nil {
			return fmt.Errorf("replay: %s: %w", name, err)
		}
	}

	key, err := sandboxKey(cfg, secure)
	if err != nil {
		return err
	}
	shared, _, err := sandboxes.LoadOrNew(key, func() (caddy.Destructor, error) {
		made := sandbox.New(cfg)
		for id, with := range apps {
			made.Secure(id, with)
		}
		stop := func() {}
		if len(cfg.Components) > 0 {
			stop = made.Start()
		}
		return pooledSandbox{made, stop}, nil
	})
	if err != nil {
		return err
	}
	s.sandbox, s.poolKey = shared.(pooledSandbox).Sandbox, key
	return nil
}

// apps evaluates the placeholders of app secrets by app id; nil: there are none.
func apps(repl *caddy.Replacer, raw map[string]string) (map[string]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	secrets := make(map[string]string, len(raw))
	for rawID, rawSecret := range raw {
		id, err := repl.ReplaceOrErr(rawID, true, true)
		if err != nil {
			return nil, words.Placed(rawID, fmt.Errorf("app id %q: %w", rawID, err))
		}
		secret, err := repl.ReplaceOrErr(rawSecret, true, true)
		if err != nil {
			return nil, words.Placed(rawSecret, fmt.Errorf("secret of app %q: %w", rawID, err))
		}
		if id == "" || secret == "" {
			return nil, fmt.Errorf("app %q: id or secret is empty", rawID)
		}
		if _, twice := secrets[id]; twice {
			return nil, fmt.Errorf("app %q: another app has the same id", rawID)
		}
		secrets[id] = secret
	}
	return secrets, nil
}

// sandboxKey is a hash, because the configuration holds secrets.
func sandboxKey(cfg sandbox.Config, secure map[string]expanded) (string, error) {
	b, err := json.Marshal([]any{cfg.Apps, cfg.MiniPrograms, cfg.ForeignToken, cfg.CountryAsNumber, cfg.ExpiresIn, cfg.Tickets, cfg.CustomCodeCards, cfg.Replay, cfg.Components, secure})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(b)), nil
}

// Cleanup gives the sandbox back. Requests that are still running keep it.
func (s *Sandbox) Cleanup() error {
	if s.poolKey == "" {
		return nil
	}
	_, err := sandboxes.Delete(s.poolKey)
	s.poolKey = ""
	return err
}

// ServeHTTP answers every request; next is never called.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	s.sandbox.ServeHTTP(w, r)
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Sandbox)(nil)
	_ caddy.CleanerUpper          = (*Sandbox)(nil)
	_ caddyhttp.MiddlewareHandler = (*Sandbox)(nil)
	_ caddyfile.Unmarshaler       = (*Sandbox)(nil)
)
