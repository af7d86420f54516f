// Package inject is the action inject: credentials in the request that a backend gets, and nowhere else.
package inject

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Inject is an action that adds credentials of the official account to a request and passes it on, whatever
// its method and body: for a backend that signs cards or calls WeChat itself and should not fetch credentials
// of its own. A credential is `access_token`, `api_ticket` (signs cards), `jsapi_ticket` (signs wx.config) or
// `access_token of mini_program`: that of the account's first mini program, or of another one whose app_id follows.
//
// What the client sends under a configured name is removed first, whether or not there is a credential to put
// in its place: header fields in any letter case and number, request trailers too; query parameters whose decoded
// name equals the configured one with ASCII case ignored and ` `, `.` and `[` read as `_`, as PHP reads
// them. Everything else in the query stays as it is, byte for byte, behind what is added. Bodies are not looked
// into: a backend must read the parameter from the query (`$_GET`, not `$_REQUEST`).
//
// Prefer `header` to `query`: backends write the query into their logs and into links. What was put into a query
// is cut out of the answer's header and trailers, with a warning the first time: of URLs the parameter is cut out, of other
// fields the value is dropped. It is not cut out of the answer's body (except that a redirect whose Location held a credential
// loses its body, which only repeats it).
//
// When the next handler fails, what was added is gone again before error routes (`handle_errors`) see the request, and
// what the client forged does not come back. Only `{http.request.orig_uri}` and logs have the URI as the client sent it.
//
// Without a usable credential the answer is a problem document with status 503 and reason `credential_unavailable`.
//
// Placeholders that are set for the handlers that follow, if configured:
//
// Placeholder | Description
// ------------|---------------
// `{http.wechat_card.access_token}` | The account's access_token
// `{http.wechat_card.api_ticket}` | The account's api_ticket
// `{http.wechat_card.jsapi_ticket}` | The account's jsapi_ticket
// `{http.wechat_card.access_token of mini_program}` | The access_token of the account's first mini program; with its app_id behind, of another one, as it is configured
type Inject struct {
	// Request header fields to set, and the credential that each one carries. Field names may not hold `_` or `.`
	// (Caddy drops such fields), nor belong to HTTP itself, like Host or Content-Length.
	Header map[string]string `json:"header,omitempty"`

	// Query parameters to put in front of the query, and the credential that each one carries.
	Query map[string]string `json:"query,omitempty"`

	// Credentials to offer to later handlers as placeholders, for `header_up`, `rewrite`, `templates` and the like.
	Placeholder []string `json:"placeholder,omitempty"`

	// Whether to pass the request on without a credential when there is none; its placeholder is then empty.
	// Default: false.
	Optional bool `json:"optional,omitempty"`

	needs        []wanted // each once
	fields       []headers.Field
	params       []queries.Param
	placeholders []placeholder
	logger       *zap.Logger
	warned       *sync.Once
	audit        *observe.Audit
}

// placeholder is one configured placeholder.
type placeholder struct {
	key  string
	need int // index of its credential in Inject.needs
}

// CaddyModule returns the Caddy module information.
func (Inject) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  action.Namespace + ".inject",
		New: func() caddy.Module { return new(Inject) },
	}
}

// Provision checks the configuration and compiles it.
func (in *Inject) Provision(ctx caddy.Context) error {
	in.logger, in.warned = ctx.Logger(), new(sync.Once)
	in.audit = observe.NewAudit(ctx, "inject")
	if len(in.Header)+len(in.Query)+len(in.Placeholder) == 0 {
		return errors.New("inject has nothing to inject: it takes header, query or placeholder")
	}
	for _, name := range slices.Sorted(maps.Keys(in.Header)) {
		if err := headers.CheckName(name); err != nil {
			return err
		}
		need, err := in.need(in.Header[name])
		if err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
		f := headers.Field{Name: http.CanonicalHeaderKey(name), Need: need}
		if slices.ContainsFunc(in.fields, func(g headers.Field) bool { return g.Name == f.Name }) {
			return fmt.Errorf("header %s is configured twice", f.Name)
		}
		in.fields = append(in.fields, f)
		redact.AddHeader(f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Query)) {
		if err := queries.CheckName(name); err != nil {
			return err
		}
		need, err := in.need(in.Query[name])
		if err != nil {
			return fmt.Errorf("query %s: %w", name, err)
		}
		p := queries.NewParam(name, need)
		if slices.ContainsFunc(in.params, func(q queries.Param) bool { return q.Folded == p.Folded }) {
			return fmt.Errorf("query %s is configured twice: letter case makes no difference, nor does . or _", name)
		}
		in.params = append(in.params, p)
		redact.AddParam(name)
	}
	for i, text := range in.Placeholder {
		need, err := in.need(text)
		if err != nil {
			return fmt.Errorf("placeholder: %w", err)
		}
		if slices.Contains(in.Placeholder[:i], text) {
			return fmt.Errorf("placeholder %s is configured twice", text)
		}
		in.placeholders = append(in.placeholders, placeholder{key: words.PlaceholderPrefix + text, need: need})
	}
	return nil
}

// need notes that a credential is wanted, by its text, and says where its value will be.
func (in *Inject) need(text string) (int, error) {
	want, err := readWanted(text)
	if err != nil {
		return 0, err
	}
	if want.program, err = words.Expand(want.program); err != nil {
		return 0, fmt.Errorf("mini_program: %w", err)
	}
	if i := slices.Index(in.needs, want); i >= 0 {
		return i, nil
	}
	in.needs = append(in.needs, want)
	return len(in.needs) - 1, nil
}

// Needs implements Action.
func (in *Inject) Needs() (kinds []credential.Kind) {
	for _, want := range in.needs {
		if !want.ofProgram {
			kinds = append(kinds, want.kind)
		}
	}
	return kinds
}

// MiniPrograms implements ProgramUser.
func (in *Inject) MiniPrograms() (appIDs []string) {
	for _, want := range in.needs {
		if want.ofProgram {
			appIDs = append(appIDs, want.program)
		}
	}
	return appIDs
}

// CheckAccount implements Choosing: an account whose calls need no access_token has none to inject.
func (in *Inject) CheckAccount(account *plugin.Account) error {
	for _, want := range in.needs {
		of := account
		if want.ofProgram {
			var err error
			if of, err = account.MiniProgram(want.program); err != nil {
				return err
			}
		}
		if err := of.CheckCredential(want.kind); err != nil {
			return err
		}
	}
	return nil
}

// ServeAction implements Action.
func (in *Inject) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	return in.serve(w, r, next, account)
}

// credentialSource is the part of plugin.Account that serve needs.
type credentialSource interface {
	Credential(ctx context.Context, kind credential.Kind) (string, error)
	MiniProgram(appID string) (*plugin.Account, error)
}

// serve changes r itself, not a copy: Caddy's placeholders read the request that the server made, so that a copy
// would leave `rewrite * /x?{query}` the client's forged query.
func (in *Inject) serve(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account credentialSource) error {
	in.removeForged(r)

	var few [4]string // most routes have no more
	values := append(few[:0], make([]string, len(in.needs))...)
	for i, want := range in.needs {
		of := account
		if want.ofProgram {
			program, err := account.MiniProgram(want.program)
			if err != nil {
				return err
			}
			of = program
		}
		value, err := of.Credential(r.Context(), want.kind)
		if err != nil {
			if !in.Optional {
				return err
			}
			in.injected(r, of, want.kind, observe.OutcomeNone)
			continue
		}
		values[i] = value
		redact.AddSecret(value) // others may log it by any name
		in.injected(r, of, want.kind, observe.ReasonOK)
	}

	for _, f := range in.fields {
		if value := values[f.Need]; value != "" {
			r.Header[f.Name] = []string{value}
		}
	}
	if len(in.placeholders) > 0 {
		repl := words.Replacer(r)
		for _, p := range in.placeholders {
			repl.Set(p.key, values[p.need])
		}
	}
	query := queryEdit{clientQuery: r.URL.RawQuery, clientURI: r.RequestURI}
	if len(in.params) > 0 {
		query.inject(w, r, in.params, values, in.warn)
		if query.writer != nil {
			w = query.writer
		}
	}
	// deferred, because a proxy that loses its backend in mid-answer panics
	defer in.takeBack(r, &query)
	return next.ServeHTTP(w, r)
}

// injected tells the audit of a credential.
func (in *Inject) injected(r *http.Request, account credentialSource, kind credential.Kind, outcome string) {
	if named, ok := account.(interface{ Name() string }); ok {
		in.audit.Write(r, string(kind)+" injected", named.Name(), "", outcome)
	}
}

// warn says once that the backend repeats what it is given. The field may hold it no more.
func (in *Inject) warn(field string) {
	in.warned.Do(func() {
		in.logger.Warn("the backend's answer held the credential that was put into the query; headers are rid of it, bodies are not: use header in the place of query",
			zap.String("field", field))
	})
}

// removeForged removes all that the client sent under a configured name.
func (in *Inject) removeForged(r *http.Request) {
	if len(in.fields) > 0 {
		headers.RemoveForged(r, in.fields)
	}
	if len(in.params) > 0 {
		queries.RemoveForged(r, in.params)
	}
}

// takeBack removes from r what was added to it: error routes, deferred header operations and log fields of outer handlers
// would see it otherwise.
func (in *Inject) takeBack(r *http.Request, query *queryEdit) {
	for _, f := range in.fields {
		delete(r.Header, f.Name)
	}
	if len(in.placeholders) > 0 {
		repl := words.Replacer(r)
		for _, p := range in.placeholders {
			repl.Delete(p.key)
		}
	}
	query.takeBack(r)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Inject)(nil)
	_ caddyfile.Unmarshaler = (*Inject)(nil)
	_ action.Choosing       = (*Inject)(nil)
	_ action.ProgramUser    = (*Inject)(nil)
	_ credentialSource      = (*plugin.Account)(nil)
)
