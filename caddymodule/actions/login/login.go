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
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/nostore"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"

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
// With `phone` it also tells the user's phone number, by the code that the getPhoneNumber button gave. That works once, too, for five
// minutes. A request then has a js_code, a phone_code or both: with neither it is answered with status 400. Phone codes that WeChat
// refuses are answered as js_codes are. When a request has both, the js_code comes first: if it is refused, the other is not used up.
// The call for it goes in plain: of a mini program that demands API 安全 for /wxa/business/getuserphonenumber the answer is status 502,
// and its backend has to ask, through `relay` with `secure`.
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
// `{http.wechat_card.phone}` | With `phone`: the user's phone number, a foreign one with its country's code
// `{http.wechat_card.phone_pure}` | With `phone`: the number without its country's code
// `{http.wechat_card.phone_country}` | With `phone`: the country's code, such as 86
type Login struct {
	// Where the js_code is, as a value with placeholders. If it comes out empty, the request is refused with status 403.
	// Default: the query parameter `js_code`, or the field of a form or a JSON body that `field` names.
	JSCode string `json:"js_code,omitempty"`

	// What the field of a form or a JSON body is called that holds the js_code. Not together with `js_code`. Default: js_code.
	Field string `json:"field,omitempty"`

	// The app_id of the mini program, which must be among the account's. Default: the account's first mini_program.
	MiniProgram string `json:"mini_program,omitempty"`

	// Whether the user's phone number is asked for, and where the code for it is, as a value with placeholders; if both codes come out
	// empty, the request is refused with status 403. `""` stands for the query parameter `phone_code`, or the field of a form or a JSON
	// body, which is taken out. Default: it is not asked for.
	Phone *string `json:"phone,omitempty"`

	// Request header fields to set, each to `mini_openid`, `unionid`, or with `phone` also to `phone`, `phone_pure` or
	// `phone_country`. What there is none of, its field is absent. Field names
	// may not hold `_` or `.` (Caddy drops such fields), nor belong to HTTP itself, like Host or Content-Length. Default:
	// none.
	Header map[string]string `json:"header,omitempty"`

	jsCode      string // JSCode, its placeholders in full
	phone       string // Phone, the same
	field       string
	miniProgram string
	fields      []headers.Field
}

// loginIDs are what a header may carry. An injectField's need is an index in it.
var loginIDs = []string{"mini_openid", "unionid", "phone", "phone_pure", "phone_country"}

// firstPhone is where those of a phone begin.
const firstPhone = 2

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
	if l.Phone != nil {
		l.phone = words.InFull(*l.Phone)
		redact.AddParam(phoneCodeName)
		redact.AddSources(l.phone)
	}
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
			return fmt.Errorf("header %s: it is %s, not %q", name, strings.Join(loginIDs, " or "), l.Header[name])
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
	for _, name := range slices.Sorted(maps.Keys(l.Header)) {
		if slices.Index(loginIDs, l.Header[name]) >= firstPhone && l.Phone == nil {
			return fmt.Errorf("header %s: %s needs phone, without which nobody is asked for it", name, l.Header[name])
		}
	}
	switch {
	case l.Field == "":
		return nil
	case l.JSCode != "":
		return errors.New("field is where the js_code is in a body, and js_code says that it is elsewhere: only one of them can be")
	case l.Field == phoneCodeName && l.Phone != nil && *l.Phone == "":
		return fmt.Errorf("field %s is where the code for the phone number is", l.Field)
	case field.FaultOf(l.Field) != "":
		return fmt.Errorf("field %s", field.FaultOf(l.Field))
	}
	return nil
}

// Needs implements Action. A js_code is asked about with the mini program's own secret.
func (l *Login) Needs() []credential.Kind { return nil }

// MiniPrograms implements ProgramUser: phone numbers are asked for with the mini program's access_token.
func (l *Login) MiniPrograms() []string {
	if l.Phone == nil {
		return nil
	}
	return []string{l.miniProgram}
}

// CheckAccount implements Choosing.
func (l *Login) CheckAccount(account *plugin.Account) error {
	if l.Phone == nil {
		return account.CheckMiniProgram(l.miniProgram)
	}
	program, err := account.MiniProgram(l.miniProgram)
	if err != nil {
		return err
	}
	return program.CheckCredential(credential.AccessToken)
}

// ServeAction implements Action. It changes r itself, not a copy, as inject does and for the same reason.
func (l *Login) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	if len(l.fields) > 0 {
		headers.RemoveForged(r, l.fields)
	}
	jsCode, phoneCode, err := l.takeCodes(r)
	if err != nil {
		return err
	}
	ids := make([]string, firstPhone, len(loginIDs))
	if jsCode != "" {
		user, err := account.Login(clients.Context(r), l.miniProgram, jsCode)
		if err != nil {
			return err
		}
		ids[0], ids[1] = user.MiniOpenID, user.UnionID
	}
	if l.Phone != nil {
		var phone wechat.Phone
		if phoneCode != "" {
			if phone, err = account.PhoneNumber(clients.Context(r), l.miniProgram, phoneCode); err != nil {
				return ofPhone(err)
			}
		}
		ids = append(ids, phone.Number, phone.Pure, phone.Country)
	}
	repl := words.Replacer(r)
	for i, id := range ids {
		repl.Set(words.PlaceholderPrefix+loginIDs[i], id)
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
		for i := firstPhone; i < len(ids); i++ { // which logs have no business with
			repl.Delete(words.PlaceholderPrefix + loginIDs[i])
		}
	}()
	return nostore.Serve(w, func(w http.ResponseWriter) error { return next.ServeHTTP(w, r) })
}

// plainRefused has WeChat's errcodes for a call that has to be sealed (API 安全) and came in plain: as a whole, or by what it lacks.
var plainRefused = []int{934011, 40230, 40231, 40232, 40233}

// ofPhone is the error of a call for a phone number, with what is to be done where WeChat takes that sealed only.
func ofPhone(err error) error {
	if !slices.Contains(plainRefused, wechat.Errcode(err)) {
		return err
	}
	p := problem.Of(err, time.Now())
	p.Detailf("this mini program demands API 安全 for %s, and login does not seal its call: its console must not demand it for this call, or the backend makes the call, through relay with secure", wechat.APIPhone)
	return p
}

// takeCodes finds the codes, and takes them out of the request unless the configuration says where they are. Where a phone number is
// asked for, one of them may be empty.
func (l *Login) takeCodes(r *http.Request) (jsCode, phoneCode string, err error) {
	var places []place
	if l.jsCode == "" {
		places = append(places, place{jsCodeName, l.field})
	}
	if l.Phone != nil && l.phone == "" {
		places = append(places, place{phoneCodeName, phoneCodeName})
	}
	taken, err := takeCodes(r, places...)
	if err != nil {
		return "", "", err
	}
	next := func(name, configured string) (c code, missing error) {
		if configured == "" {
			c, taken = taken[0], taken[1:]
			return c, nil
		}
		s, err := value.Of(r, name, configured)
		return code{field.Text{S: s}, name}, err
	}
	js, jsMissing := next(jsCodeName, l.jsCode)
	if l.Phone == nil {
		if jsMissing != nil {
			return "", "", jsMissing
		}
		return js.S, "", js.check()
	}
	phone, phoneMissing := next(phoneCodeName, l.phone)
	if js.Absent() && phone.Absent() {
		if err := cmp.Or(jsMissing, phoneMissing); err != nil {
			return "", "", err
		}
		return "", "", problem.Invalid("%s and %s are missing: one of them is needed", js.name, phone.name)
	}
	for _, c := range []code{js, phone} {
		if !c.Absent() {
			if err := c.check(); err != nil {
				return "", "", err
			}
		}
	}
	return js.S, phone.S, nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	login {
//		js_code      <value>
//		field        <name>
//		phone        [<value>]
//		mini_program <app_id>
//		header       <field> mini_openid|unionid|phone|phone_pure|phone_country
//	}
func (l *Login) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"js_code":      func() error { return words.OneValue(d, &l.JSCode) },
		"field":        func() error { return words.OneValue(d, &l.Field) },
		"phone":        func() error { return l.unmarshalPhone(d) },
		"mini_program": func() error { return words.OneValue(d, &l.MiniProgram) },
		"header":       func() error { return l.unmarshalHeader(d) },
	})
	if err != nil {
		return err
	}
	return words.Located(d, l.checkField())
}

// unmarshalPhone reads `phone [<value>]`.
func (l *Login) unmarshalPhone(d *caddyfile.Dispenser) error {
	name, args := d.Val(), d.RemainingArgs()
	switch {
	case l.Phone != nil:
		return words.AlreadySpecified(d, name)
	case len(args) > 1:
		return d.ArgErr()
	}
	l.Phone = new(string)
	if len(args) == 1 {
		*l.Phone = args[0]
	}
	return nil
}

// unmarshalHeader reads `header <field> mini_openid|unionid|phone|phone_pure|phone_country`.
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
	_ action.ProgramUser    = (*Login)(nil)
)
