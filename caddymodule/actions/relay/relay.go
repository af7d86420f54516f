// Package relay is the action relay: calls of WeChat's API, passed on with the account's access_token.
package relay

import (
	"fmt"
	"net/http/httputil"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Relay is an action that passes a backend's calls of WeChat's API on to WeChat, with the account's access_token in them.
// The backend calls `http://gateway/card/…` instead of `https://api.weixin.qq.com/card/…?access_token=…` and needs no token
// of its own: what it sends as access_token is cut out. The rest of the query stays as it is, byte for byte.
//
// When WeChat refuses the access_token (errcode 40001, 40014, 42001), it is renewed and the call made once more, if its
// body has at most 2 MiB; longer ones stream through, and the backend gets WeChat's refusal. A multipart body of unknown
// length (chunked) is sent with its length, because WeChat takes no other (412); one of more than 2 MiB is refused with status
// 411 and reason `length_required`. The errcode is looked for in JSON answers of at most 64 KiB; all others stream. Answers
// are passed on as they are, errors too.
//
// Problem documents have `errcode` and `errmsg` members for SDKs that look for nothing else: WeChat's own, or -1 with status
// 5xx, upon which SDKs try again, 48001 with 403 and 47001 with other 4xx, upon which they do not.
//
// Calls of `/sns/*` and `/cgi-bin/component/*` prove themselves with tokens of their own, those of `/cgi-bin/token`,
// `/cgi-bin/stable_token` and `/cgi-bin/clear_quota/v2` with the app secret: their queries pass as they are, and what WeChat
// says of their tokens is none of ours.
//
// The headers Cookie, Authorization, Accept-Encoding, Forwarded, X-Forwarded-*, X-Real-IP, Via, Origin, Referer, Upgrade
// and Expect are not sent on.
//
// WeChat takes no official account's access_token below `/wxa/`, and no mini program's below `/card/` and for
// `/cgi-bin/ticket/getticket`: these calls are refused with status 403 and reason `path_not_allowed` before WeChat is asked. All others
// go with either.
type Relay struct {
	// The app_id of the mini program, of those of the account, whose access_token the calls get in the place of the account's; `""` is
	// the account's first. Default: the account's own access_token.
	MiniProgram *string `json:"mini_program,omitempty"`

	// API 安全 (服务端 API 签名与加密) of the mini program, if its console has it switched on: calls are sealed and signed, and answers
	// verified and opened, so that the backend calls plainly. Default: calls go as they are.
	Secure *Secure `json:"secure,omitempty"`

	// The paths of WeChat's API that may be called: exact, or ending in `/*`. Calls for tokens, tickets and quotas
	// (`/cgi-bin/token`, `/cgi-bin/stable_token`, `/cgi-bin/ticket/*`, `/cgi-bin/clear_quota*`, `/cgi-bin/openapi/quota/*`)
	// have to be named one by one. All others are refused with status 403 and reason `path_not_allowed`, as is every
	// path that is not plain: segments of letters, digits, `_`, `-` and dots within, percent-encoded nowhere.
	// Default: none.
	Allow []string `json:"allow,omitempty"`

	// More paths whose calls have tokens of their own: exact, or ending in `/*`. They must be in `allow`, too.
	// Default: none but those named above.
	Pass []string `json:"pass,omitempty"`

	// Who may call: networks, addresses, or `private_ranges`, by Caddy's client IP; `unix` for peers on a Unix socket. Others
	// are refused with status 403 and reason `client_not_allowed`; so are requests that an untrusted peer has forwarded, and
	// those of browsers. A proxy that says nothing of forwarding is a client like any other, and so is whoever stands behind
	// it. Default: loopback addresses.
	Clients []string `json:"clients,omitempty"`

	// The names by which callers may call, in the Host header, where there is no `key`: `api.weixin.qq.com`, if that leads
	// here. IP addresses, `localhost` and names below it are always good; others are refused with status 403 and reason
	// `client_not_allowed`, for a web page can have any name of its own lead here. Default: none.
	Host []string `json:"host,omitempty"`

	// What callers must send as access_token. Calls that have tokens of their own need no key, for they cannot carry it
	// and use nothing of the account's. For an account that is data (`account_sources`) it is the `key` of its data that counts, in the
	// place of this one; without one there, every call is refused with status 403 and reason `client_not_allowed`.
	// Default: no key is needed.
	Key string `json:"key,omitempty"`

	program string // MiniProgram, expanded
	allow   pathSet
	pass    pathSet
	clients clients.Filter
	hosts   clients.Hosts
	key     clients.Key
	proxy   *httputil.ReverseProxy
	doubts  []doctor.Finding
}

// CaddyModule returns the Caddy module information.
func (Relay) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  action.Namespace + ".relay",
		New: func() caddy.Module { return new(Relay) },
	}
}

// Provision checks the configuration and sets up the proxy.
func (rl *Relay) Provision(ctx caddy.Context) error {
	var err error
	if rl.MiniProgram != nil && *rl.MiniProgram != "" {
		if rl.program, err = words.Expand(*rl.MiniProgram); err != nil {
			return fmt.Errorf("mini_program: %w", err)
		}
	}
	if rl.Secure != nil {
		if rl.MiniProgram == nil {
			return errSecureAlone
		}
		if err := rl.Secure.provision(ctx.Logger()); err != nil {
			return fmt.Errorf("secure: %w", err)
		}
	}
	if rl.allow, err = newPathSet("allow", rl.Allow, true); err != nil {
		return err
	}
	if rl.pass, err = newPathSet("pass", rl.Pass, false); err != nil {
		return err
	}
	if rl.Secure != nil {
		if _, err := rl.checkSecuredPaths(); err != nil {
			return fmt.Errorf("secure: %w", err)
		}
	}
	if rl.clients, err = clients.NewFilter(rl.Clients); err != nil {
		return err
	}
	if rl.hosts, err = clients.NewHosts(rl.Host); err != nil {
		return err
	}
	if rl.key, err = clients.NewKey(rl.Key, ctx.Logger()); err != nil {
		return err
	}
	rl.doubts = rl.doubt(clients.OpenListeners(ctx))
	for _, f := range rl.doubts {
		ctx.Logger().Warn(f.Text, zap.String("todo", f.Todo))
	}
	rl.proxy = newProxy(ctx.Logger())
	return nil
}

// Needs implements Action.
func (rl *Relay) Needs() []credential.Kind {
	if rl.MiniProgram != nil {
		return nil
	}
	return []credential.Kind{credential.AccessToken}
}

// MiniPrograms implements ProgramUser.
func (rl *Relay) MiniPrograms() []string {
	if rl.MiniProgram == nil {
		return nil
	}
	return []string{rl.program}
}

// CheckAccount implements Choosing.
func (rl *Relay) CheckAccount(account *plugin.Account) error {
	_, err := rl.caller(account)
	return err
}

// caller is whose access_token calls get: the account, or one of its mini programs.
func (rl *Relay) caller(account *plugin.Account) (*plugin.Account, error) {
	if rl.MiniProgram == nil {
		return account, nil
	}
	return account.MiniProgram(rl.program)
}

// PassesNothingOn implements Last.
func (rl *Relay) PassesNothingOn() {}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	relay {
//		mini_program [<app_id>] {
//			secure {
//				symmetric_key <number> <key>
//				private_key   <number> <pem>
//				certificate   <number> <pem>
//				paths         <path...>
//				send_number
//			}
//		}
//		allow        <path...>
//		pass         <path...>
//		clients      <cidr...>|private_ranges|unix
//		host         <name...>
//		key          <value>
//	}
func (rl *Relay) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"mini_program": func() error { return rl.unmarshalMiniProgram(d) },
		"allow":        func() error { return unmarshalPaths(d, &rl.Allow, true) },
		"pass":         func() error { return unmarshalPaths(d, &rl.Pass, false) },
		"clients":      func() error { return clients.Unmarshal(d, &rl.Clients) },
		"host":         func() error { return clients.UnmarshalHosts(d, &rl.Host) },
		"key":          func() error { return words.OneValue(d, &rl.Key) },
	})
	if err != nil {
		return err
	}
	return rl.checkWritten()
}

// unmarshalMiniProgram reads `mini_program [<app_id>]` and its block.
func (rl *Relay) unmarshalMiniProgram(d *caddyfile.Dispenser) error {
	name, args := d.Val(), d.RemainingArgs()
	switch {
	case rl.MiniProgram != nil:
		return words.AlreadySpecified(d, name)
	case len(args) > 1:
		return d.ArgErr()
	}
	rl.MiniProgram = new(string)
	if len(args) == 1 {
		*rl.MiniProgram = args[0]
	}
	return words.Block(d, 1, words.Subdirectives{
		"secure": func() error { return rl.unmarshalSecure(d) },
	})
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Relay)(nil)
	_ caddyfile.Unmarshaler = (*Relay)(nil)
	_ action.Doubtful       = (*Relay)(nil)
	_ action.Choosing       = (*Relay)(nil)
	_ action.Last           = (*Relay)(nil)
	_ action.ProgramUser    = (*Relay)(nil)
	_ action.Phrasing       = (*Relay)(nil)
)
