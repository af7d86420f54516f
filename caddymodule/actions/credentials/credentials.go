// Package credentials is the action credentials: the token and ticket calls of WeChat, answered out of what the gateway keeps.
package credentials

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Credentials serves `/cgi-bin/token`, `/cgi-bin/stable_token` and `/cgi-bin/ticket/getticket` as WeChat does, out of the
// credentials that the gateway keeps: for SDKs whose base URL points here. All other paths go to the next handler.
//
// Nobody's token ends by what is asked here. A caller has the account's app_id and either its app secret or the key; for
// getticket, an access_token that it got here. `expires_in` is what is truly left: half an hour
// or more, or a quarter of its life, of tickets and of tokens by `token_source classic`, which are renewed in time for that; of a
// ticket that WeChat may change before its end no more than that. `force_refresh` is heeded when the gateway
// itself may force a refresh: 15 times a day, 35 seconds apart, and with a store. Another gateway that has its token here, by
// `token_source remote`, names one that WeChat refused it in `rejected_token`, and gets another.
//
// Of an account that is data (`account_sources`) nobody has anything without the `key` of its data, which goes in the place of the app
// secret; without one there, every call is refused with status 403 and reason `client_not_allowed`.
//
// With `mini_program` the access_token of a mini program is lent, too, to whoever shows its app_id with its own app secret or with
// a key that is for it. An app_id alone proves nothing: a key opens what it is for and no more.
//
// Answers and errors have WeChat's form, with status 200. Only clients that are not served at all get a problem document with
// status 403 and reason `client_not_allowed`, and getticket with a mini program's access_token, which has no tickets, one with
// reason `path_not_allowed`.
type Credentials struct {
	// The mini programs of the account whose access_token is lent. Default: none.
	MiniProgram []MiniProgram `json:"mini_program,omitempty"`

	// The clients that are served: networks, addresses, or `private_ranges`; `unix` for peers on a Unix socket. A request that
	// a browser made, or that somebody else than a trusted proxy forwarded, is refused all the same; of a proxy that says
	// nothing of forwarding nobody can tell. Default: loopback addresses.
	Clients []string `json:"clients,omitempty"`

	// What callers may send in the place of the app secret: the account's, or where there are mini programs without a key of their
	// own, theirs and not the account's. Should be a placeholder that does not depend on a request, such as `{env.GATEWAY_KEY}`.
	// Default: there is only the app secret.
	Key string `json:"key,omitempty"`

	// What `expires_in` of an access_token says at least, in seconds, at most 7200: for SDKs that subtract so much from it that
	// nothing is left, or less. That is no longer true then, and the token may end before: the callers' own calls must go
	// through `relay`, which puts the right token into them. `true_expires_in` beside it says what is truly left. Tickets are not
	// concerned. Default: 0, what is left is said.
	MinExpiresIn int `json:"min_expires_in,omitempty"`

	clients  clients.Filter
	key      clients.Key // the account's
	programs []program
	audit    *observe.Audit
}

// CaddyModule returns the Caddy module information.
func (Credentials) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".credentials", New: func() caddy.Module { return new(Credentials) }}
}

// Provision compiles the configuration.
func (c *Credentials) Provision(ctx caddy.Context) (err error) {
	c.audit = observe.NewAudit(ctx, "credentials")
	if c.clients, err = clients.NewFilter(c.Clients); err != nil {
		return err
	}
	if c.MinExpiresIn < 0 || c.MinExpiresIn > maxFloor {
		return fmt.Errorf("min_expires_in must be 0 to %d seconds", maxFloor)
	}
	if c.key, err = clients.NewKey(c.Key, ctx.Logger()); err != nil {
		return err
	}
	return c.provisionPrograms(ctx.Logger())
}

// maxFloor is the life of an access_token, in seconds.
const maxFloor = 7200

// CheckAccount implements Choosing.
func (c *Credentials) CheckAccount(account *plugin.Account) error {
	for _, p := range c.programs {
		lender, err := account.MiniProgram(p.appID)
		if err == nil {
			err = lender.CheckCredential(credential.AccessToken)
		}
		if err != nil {
			return err
		}
	}
	if !c.isForAccount() {
		return nil
	}
	if err := account.CheckCredential(credential.AccessToken); err != nil {
		return err
	}
	if account.Callers() != nil {
		return nil // they have the account's own key
	}
	if !account.HasAppSecret() && !c.key.Set {
		return errors.New("credentials needs a key: the account has no app_secret by which callers could prove themselves")
	}
	return nil
}

// Needs implements Action. Tickets are fetched when they are asked for: not every account has a right to each.
func (c *Credentials) Needs() []credential.Kind {
	if !c.isForAccount() {
		return nil
	}
	return []credential.Kind{credential.AccessToken}
}

// credentialPaths are the calls that are served here. The path must be just that: whatever reads it later in another way,
// such as WeChat behind a relay, must not be led past the callers' proof.
var credentialPaths = map[string]func(*Credentials, *http.Request, *plugin.Account) (body []byte, lender *plugin.Account, err error){
	"/cgi-bin/token":        (*Credentials).token,
	"/cgi-bin/stable_token": (*Credentials).stableToken,
	ticketPath:              (*Credentials).ticket,
}

const ticketPath = "/cgi-bin/ticket/getticket"

// ServeAction implements Action.
func (c *Credentials) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	serve := credentialPaths[r.URL.EscapedPath()]
	if serve == nil {
		return next.ServeHTTP(w, r)
	}
	if err := c.clients.Check(r); err != nil {
		return err
	}
	if callers := account.Callers(); callers != nil && !callers.HasKey {
		return clients.NoKey()
	}
	body, lender, err := serve(c, r, account)
	if err != nil {
		return refusalOf(r, err)
	}
	what := credential.AccessToken
	if r.URL.Path == ticketPath {
		what = ticketKinds[r.URL.Query().Get("type")]
	}
	c.audit.Write(r, string(what)+" lent", lender.Name(), "", observe.ReasonOK)
	answerAsWechat(w, r, body)
	return nil
}

// token is GET /cgi-bin/token. What WeChat takes in the query it takes of a POST too.
func (c *Credentials) token(r *http.Request, account *plugin.Account) ([]byte, *plugin.Account, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		return nil, nil, refuseMethod(http.MethodGet)
	}
	q := r.URL.Query()
	lender, err := c.authenticate(account, q.Get("appid"), q.Get("secret"), q.Get("grant_type"))
	if err != nil {
		return nil, nil, err
	}
	if rejected := q.Get("rejected_token"); rejected != "" {
		lender.RejectToken(rejected)
	}
	return c.lendToken(r, lender)
}

// stableToken is POST /cgi-bin/stable_token.
func (c *Credentials) stableToken(r *http.Request, account *plugin.Account) ([]byte, *plugin.Account, error) {
	if r.Method != http.MethodPost {
		return nil, nil, refuseMethod(http.MethodPost)
	}
	q, err := readStableToken(r)
	if err != nil {
		return nil, nil, err
	}
	lender, err := c.authenticate(account, q.AppID, q.Secret, q.GrantType)
	if err != nil {
		return nil, nil, err
	}
	if q.ForceRefresh {
		refreshed, err := lender.ForceToken(r.Context())
		outcome := observe.ReasonOK
		switch {
		case err != nil:
			outcome = problem.ReasonCredentialUnavailable
		case !refreshed:
			outcome = observe.OutcomeNone
		}
		c.audit.Write(r, "forced refresh", lender.Name(), "", outcome)
		if err != nil {
			return nil, nil, err
		}
	}
	return c.lendToken(r, lender)
}

// ticket is GET /cgi-bin/ticket/getticket.
func (c *Credentials) ticket(r *http.Request, account *plugin.Account) ([]byte, *plugin.Account, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		return nil, nil, refuseMethod(http.MethodGet)
	}
	q := r.URL.Query()
	token := q.Get("access_token")
	if token == "" {
		return nil, nil, refuse(problem.ReasonInvalidRequest, 41001, "access_token missing")
	}
	if err := checkForeign(r, account, token); err != nil {
		return nil, nil, err
	}
	lent, err := account.KnowsToken(r.Context(), token)
	if err != nil {
		return nil, nil, err
	}
	if !lent {
		return nil, nil, refuse(problem.ReasonInvalidRequest, 40001,
			"invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken")
	}
	kind := ticketKinds[q.Get("type")]
	if kind == "" {
		return nil, nil, refuse(problem.ReasonInvalidRequest, 40097, "invalid args: type is wx_card or jsapi")
	}
	loan, err := account.Lend(r.Context(), kind)
	if err != nil {
		return nil, nil, err
	}
	return appendLoan([]byte(`{"errcode":0,"errmsg":"ok",`), "ticket", loan), account, nil
}

// ticketKinds are the credentials by getticket's type.
var ticketKinds = map[string]credential.Kind{"wx_card": credential.APITicket, "jsapi": credential.JSAPITicket}

// authenticate checks what proves that a caller may have a token, in the order that WeChat does, and tells whose token that is.
func (c *Credentials) authenticate(account *plugin.Account, appID, secret, grantType string) (*plugin.Account, error) {
	switch {
	case appID == "":
		return nil, refuse(problem.ReasonInvalidRequest, 41002, "appid missing")
	case grantType != "client_credential":
		return nil, refuse(problem.ReasonInvalidRequest, 40002, "invalid grant_type")
	case secret == "":
		return nil, refuse(problem.ReasonInvalidRequest, 41004, "appsecret missing")
	}
	lender, isKey := c.lenderOf(account, appID)
	switch callers := account.Callers(); {
	case lender == nil:
		return nil, refuse(problem.ReasonClientNotAllowed, 40013, "invalid appid")
	case callers != nil && callers.IsKey(secret):
	case callers != nil, !lender.IsAppSecret(secret) && !isKey(secret):
		return nil, refuse(problem.ReasonClientNotAllowed, 40125, "invalid appsecret")
	}
	return lender, nil
}

// lendToken answers with an access_token, whoever fetched it and how.
func (c *Credentials) lendToken(r *http.Request, lender *plugin.Account) ([]byte, *plugin.Account, error) {
	loan, err := lender.LendToken(r.Context(), c.MinExpiresIn)
	if err != nil {
		return nil, nil, err
	}
	return appendLoan([]byte{'{'}, "access_token", loan), lender, nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	credentials {
//		clients        <cidr...>|private_ranges|unix
//		key            <value>
//		min_expires_in <seconds>
//		mini_program   <app_id> {
//			key <value>
//		}
//	}
func (c *Credentials) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	given := false // it may be 0
	return words.Unmarshal(d, words.Subdirectives{
		"clients":      func() error { return clients.Unmarshal(d, &c.Clients) },
		"key":          func() error { return words.OneValue(d, &c.Key) },
		"mini_program": func() error { return c.unmarshalMiniProgram(d) },
		"min_expires_in": func() error {
			err := seconds(d, given, &c.MinExpiresIn)
			given = true
			return err
		},
	})
}

// seconds reads the argument of min_expires_in.
func seconds(d *caddyfile.Dispenser, given bool, target *int) error {
	name := d.Val()
	var text string
	switch {
	case given:
		return words.AlreadySpecified(d, name)
	case !d.AllArgs(&text):
		return d.ArgErr()
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxFloor {
		return d.Errf("%s must be 0 to %d seconds, not '%s'", name, maxFloor, text)
	}
	*target = n
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Credentials)(nil)
	_ action.Choosing       = (*Credentials)(nil)
	_ action.ProgramUser    = (*Credentials)(nil)
	_ caddyfile.Unmarshaler = (*Credentials)(nil)
)
