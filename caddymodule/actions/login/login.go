// Package login is the action login: who the user of a mini program is, by a js_code.
package login

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/nostore"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Login is an action that tells who the user of a mini program is, by the `js_code` that `wx.login` gave, and passes the
// request on, whatever its method and body: for a backend that does not call jscode2session itself, and for actions behind
// it in a `route`, such as `add_card` with `openid {http.wechat_card.mini_openid}`.
//
// A js_code works once. Where the backend itself calls jscode2session, one of the two calls fails.
//
// The openid is the user's in the mini program (mini_openid), which is another one than in the official account: messages
// that WeChat pushes to the account have the other. The unionid is the same in both, if both are bound to one account at
// open.weixin.qq.com; otherwise there is none.
//
// Without `js_code` in the configuration, the js_code is the query parameter of that name, or the field of a form or a JSON body
// of at most 64 KiB. It is taken out: the backend gets the rest of the query or body byte for byte. A request without one is
// answered with status 400, a js_code that WeChat refuses with status 422 and reason `wechat_rejected`: for a minute without a
// call, when it is wrong or used. The session_key that WeChat also answers is not kept.
//
// An answer that says nothing of caching gets `Cache-Control: no-store`: it is the user's, which its address may not show.
//
// What the client sends under a configured header is removed first, whatever happens next. When the next handler returns,
// the headers are gone again, so that error routes (`handle_errors`) do not see them.
//
// Placeholders that are set for the handlers that follow:
//
// Placeholder | Description
// ------------|---------------
// `{http.wechat_card.mini_openid}` | The user's openid in the mini program
// `{http.wechat_card.unionid}` | The user's unionid; empty when WeChat gives none
type Login struct {
	// Where the js_code is, as a value with placeholders. If it comes out empty, the request is refused with status 403.
	// Default: the query parameter `js_code`, or the field of a form or a JSON body that `field` names.
	JSCode string `json:"js_code,omitempty"`

	// What the field of a form or a JSON body is called that holds the js_code. Not together with `js_code`. Default: js_code.
	Field string `json:"field,omitempty"`

	// The app_id of the mini program, which must be among the account's. Default: the account's first mini_program.
	MiniProgram string `json:"mini_program,omitempty"`

	// Request header fields to set, each to `mini_openid` or `unionid`. Without a unionid its field is absent. Field names
	// may not hold `_` or `.` (Caddy drops such fields), nor belong to HTTP itself, like Host or Content-Length. Default:
	// none.
	Header map[string]string `json:"header,omitempty"`

	jsCode      string // JSCode, its placeholders in full
	field       string
	miniProgram string
	fields      []headers.Field
}

// loginIDs are what a header may carry. An injectField's need is an index in it.
var loginIDs = []string{"mini_openid", "unionid"}

// CaddyModule returns the Caddy module information.
func (Login) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".login", New: func() caddy.Module { return new(Login) }}
}

// Provision checks the configuration and compiles it.
func (l *Login) Provision(caddy.Context) error {
	l.jsCode = words.InFull(l.JSCode)
	if err := l.checkField(); err != nil {
		return err
	}
	l.field = cmp.Or(l.Field, jsCodeName)
	redact.AddParam(l.field)
	redact.AddSources(l.jsCode)
	var err error
	if l.miniProgram, err = words.Expand(l.MiniProgram); err != nil {
		return fmt.Errorf("mini_program: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Header)) {
		if err := headers.CheckName(name); err != nil {
			return err
		}
		need := slices.Index(loginIDs, l.Header[name])
		if need < 0 {
			return fmt.Errorf("header %s: it is mini_openid or unionid, not %q", name, l.Header[name])
		}
		f := headers.Field{Name: http.CanonicalHeaderKey(name), Need: need}
		if slices.ContainsFunc(l.fields, func(g headers.Field) bool { return g.Name == f.Name }) {
			return fmt.Errorf("header %s is configured twice", f.Name)
		}
		l.fields = append(l.fields, f)
		redact.AddHeader(f.Name)
	}
	return nil
}

// checkField refuses a field that nothing would be looked for in, or that no client can send.
func (l *Login) checkField() error {
	switch {
	case l.Field == "":
		return nil
	case l.JSCode != "":
		return errors.New("field is where the js_code is in a body, and js_code says that it is elsewhere: only one of them can be")
	case field.FaultOf(l.Field) != "":
		return fmt.Errorf("field %s", field.FaultOf(l.Field))
	}
	return nil
}

// Needs implements Action. A js_code is asked about with the mini program's own secret.
func (l *Login) Needs() []credential.Kind { return nil }

// CheckAccount implements Choosing.
func (l *Login) CheckAccount(account *plugin.Account) error {
	return account.CheckMiniProgram(l.miniProgram)
}

// ServeAction implements Action. It changes r itself, not a copy, as inject does and for the same reason.
func (l *Login) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	if len(l.fields) > 0 {
		headers.RemoveForged(r, l.fields)
	}
	code, err := l.takeCode(r)
	if err != nil {
		return err
	}
	user, err := account.Login(clients.Context(r), l.miniProgram, code)
	if err != nil {
		return err
	}
	ids := [...]string{user.MiniOpenID, user.UnionID}
	repl := words.Replacer(r)
	for i, id := range ids {
		repl.Set("http.wechat_card."+loginIDs[i], id)
	}
	for _, f := range l.fields {
		if id := ids[f.Need]; id != "" {
			r.Header[f.Name] = []string{id}
		}
	}
	// deferred, because a proxy that loses its backend in mid-answer panics
	defer func() {
		for _, f := range l.fields {
			delete(r.Header, f.Name)
		}
	}()
	return nostore.Serve(w, func(w http.ResponseWriter) error { return next.ServeHTTP(w, r) })
}

// takeCode finds the js_code, and takes it out of the request unless the configuration says where it is.
func (l *Login) takeCode(r *http.Request) (string, error) {
	if l.jsCode == "" {
		return takeJSCode(r, l.field)
	}
	s, err := value.Of(r, jsCodeName, l.jsCode)
	if err != nil {
		return "", err
	}
	return s, checkJSCode(jsCodeName, field.Text{S: s})
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	login {
//		js_code      <value>
//		field        <name>
//		mini_program <app_id>
//		header       <field> mini_openid|unionid
//	}
func (l *Login) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"js_code":      func() error { return words.OneValue(d, &l.JSCode) },
		"field":        func() error { return words.OneValue(d, &l.Field) },
		"mini_program": func() error { return words.OneValue(d, &l.MiniProgram) },
		"header":       func() error { return l.unmarshalHeader(d) },
	})
	if err != nil {
		return err
	}
	return words.Located(d, l.checkField())
}

// unmarshalHeader reads `header <field> mini_openid|unionid`.
func (l *Login) unmarshalHeader(d *caddyfile.Dispenser) error {
	var name, id string
	if !d.AllArgs(&name, &id) {
		return d.ArgErr()
	}
	if err := headers.CheckName(name); err != nil {
		return d.WrapErr(err)
	}
	if !slices.Contains(loginIDs, id) {
		return d.Errf("header %s: it is %s, not '%s'", name, strings.Join(loginIDs, " or "), id)
	}
	for other := range l.Header {
		if strings.EqualFold(other, name) {
			return d.Errf("header %s already specified", name)
		}
	}
	if l.Header == nil {
		l.Header = make(map[string]string)
	}
	l.Header[name] = id
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Login)(nil)
	_ caddyfile.Unmarshaler = (*Login)(nil)
	_ action.Choosing       = (*Login)(nil)
)
