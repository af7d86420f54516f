package oauth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
)

// maxCode is the longest code that is passed on to WeChat, whose own have some 32 characters.
const maxCode = 256

// own gives what answers one of the action's own paths, as browsers see them or as the request was rewritten; nil: it is none.
func (o *OAuth) own(r *http.Request) func(w http.ResponseWriter, r *http.Request, account *plugin.Account) error {
	for _, path := range []string{visit.Page(r).Path, r.URL.Path} {
		if name, found := strings.CutPrefix(path, o.path); found {
			switch name {
			case "/start":
				return o.start
			case "/callback":
				return o.callback
			case "/end":
				return o.end
			}
		}
	}
	return nil
}

// allow is what the action's own paths take.
const allow = "GET, HEAD, OPTIONS"

// checkMethod answers OPTIONS, and refuses what asks for nothing here.
func checkMethod(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return nil
	}
	w.Header().Set("Allow", allow)
	if r.Method == http.MethodOptions {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return problem.Newf(http.StatusMethodNotAllowed, problem.ReasonMethodNotAllowed, "this takes %s", allow)
}

// start sends a visitor to WeChat's page.
func (o *OAuth) start(w http.ResponseWriter, r *http.Request, account *plugin.Account) error {
	back, err := o.returnOf(r)
	if err != nil {
		return err
	}
	return o.send(w, r, account, back, false)
}

// end ends a session.
func (o *OAuth) end(w http.ResponseWriter, r *http.Request, _ *plugin.Account) error {
	back, err := o.returnOf(r)
	if err != nil {
		return err
	}
	visit.SetCookie(w, r, o.cookie, "", "/", -1)
	o.attempts.forget(w, r) // or a callback in the browser's history would log the same visitor in again
	visit.Redirect(w, back)
	return nil
}

// callback takes a visitor who comes from WeChat's page.
func (o *OAuth) callback(w http.ResponseWriter, r *http.Request, account *plugin.Account) error {
	state := visit.Param(r, "state")
	attempt, ok := o.attempts.find(r, account, state.S)
	if !ok || state.Fault != "" {
		return problem.Newf(http.StatusForbidden, problem.ReasonStateInvalid,
			"this login was not begun in this browser, or more than ten minutes ago: open the page again")
	}
	code := visit.Param(r, "code")
	switch {
	case code.Fault != "":
		return problem.Invalid("%s %s", "code", code.Fault)
	case code.S == "":
		return problem.Newf(http.StatusForbidden, problem.ReasonLoginRefused, "WeChat gave no code: the visitor did not agree to the login")
	case field.TooLong(code.S, maxCode):
		return problem.Invalid("%s is longer than %d characters", "code", maxCode)
	case !field.All(code.S, func(c byte) bool { return ' ' < c && c <= '~' }):
		return problem.Invalid("%s is not printable ASCII without blanks", "code")
	}
	visitor, err := account.WebVisitor(clients.Context(r), code.S, attempt.State)
	switch {
	case errors.Is(err, oauth.ErrSnapshot):
		return problem.Newf(http.StatusForbidden, problem.ReasonSnapshotUser,
			"WeChat shows this page as a snapshot, in which nobody is known: open the full page (使用完整服务) first")
	case oauth.IsSpent(err):
		if _, known := o.session(r, account); known { // an earlier call of the same code was the one that counted
			visit.Redirect(w, o.stillGood(attempt.Return))
			return nil
		}
		if !attempt.Again {
			return o.send(w, r, account, o.stillGood(attempt.Return), true)
		}
		return err
	case err != nil:
		return err
	}
	visit.SetCookie(w, r, o.cookie, account.SealSession(visitor), "/", o.life)
	visit.Redirect(w, o.stillGood(attempt.Return))
	return nil
}

// send sends a visitor to WeChat's page, from where he is to come back to an address.
func (o *OAuth) send(w http.ResponseWriter, r *http.Request, account *plugin.Account, back string, again bool) error {
	attempt, text := account.BeginAttempt(back, again)
	o.attempts.keep(w, r, account, attempt, text)
	visit.Redirect(w, account.AuthorizeURL(visit.Origin(r, o.origins)+o.path+"/callback", o.scope, attempt.State))
	return nil
}

// returnOf reads where a visitor wants to go back to.
func (o *OAuth) returnOf(r *http.Request) (string, error) {
	back := visit.Param(r, "return")
	switch {
	case back.Fault != "":
		return "", problem.Invalid("%s %s", "return", back.Fault)
	case back.S == "":
		return "", problem.Invalid("%s is missing", "return")
	}
	address, ok := oauth.ReturnTo(back.S, o.origins, o.path)
	if !ok {
		return "", problem.Invalid("return is neither a path of this site nor an address of a listed origin")
	}
	return address, nil
}

// stillGood gives an address that a cookie has kept, or the site's first page when the configuration lists its origin no more.
func (o *OAuth) stillGood(back string) string {
	if address, ok := oauth.ReturnTo(back, o.origins, o.path); ok {
		return address
	}
	return "/"
}
