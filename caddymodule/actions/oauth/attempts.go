package oauth

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
)

// attempts are the cookies of attempts in a browser.
type attempts struct {
	prefix string // of their names
	path   string
}

// attemptsOf are those beside a session's cookie. They lie where logins begin, so that each sees those before it, and the callback: below the
// action's own path, or with require everywhere.
func attemptsOf(session, path string, everywhere bool) attempts {
	if everywhere || strings.HasPrefix(strings.ToLower(session), "__host-") { // browsers take such a name with no other path
		path = "/"
	}
	return attempts{session + "_", path}
}

// name is that of the cookie of a state.
func (a attempts) name(state string) string { return a.prefix + oauth.Slot(state) }

// find finds the attempt of a state.
func (a attempts) find(r *http.Request, account *plugin.Account, state string) (oauth.Attempt, bool) {
	for _, cookie := range r.CookiesNamed(a.name(state)) {
		if attempt, ok := account.OpenAttempt(cookie.Value); ok && attempt.State == state {
			return attempt, true
		}
	}
	return oauth.Attempt{}, false
}

// keep has the browser keep an attempt, and forget others for which there is no room.
func (a attempts) keep(w http.ResponseWriter, r *http.Request, account *plugin.Account, attempt oauth.Attempt, text string) {
	name := a.name(attempt.State)
	visit.SetCookie(w, r, name, text, a.path, oauth.AttemptLife)
	all := a.kept(r, account)
	bytes := inHeader(name, text)
	for _, k := range all {
		bytes += k.bytes
	}
	for len(all) > 0 && (len(all) >= oauth.MaxAttempts || bytes > oauth.MaxAttemptBytes) {
		visit.SetCookie(w, r, all[0].name, "", a.path, -1)
		bytes -= all[0].bytes
		all = all[1:]
	}
}

// forget has the browser forget all attempts.
func (a attempts) forget(w http.ResponseWriter, r *http.Request) {
	forgotten := make(map[string]bool)
	for _, cookie := range a.in(r) {
		if !forgotten[cookie.Name] {
			visit.SetCookie(w, r, cookie.Name, "", a.path, -1)
			forgotten[cookie.Name] = true
		}
	}
}

// in gives the cookies of a request that look like those of attempts.
func (a attempts) in(r *http.Request) []*http.Cookie {
	return slices.DeleteFunc(r.Cookies(), func(cookie *http.Cookie) bool {
		slot, found := strings.CutPrefix(cookie.Name, a.prefix)
		return !found || !oauth.IsSlot(slot)
	})
}

// kept is a cookie that looks like that of an attempt.
type kept struct {
	name  string
	bytes int
	begun time.Time // zero: it is none, or one of another account
}

// kept gives what a browser keeps: what can be none first, then the oldest.
func (a attempts) kept(r *http.Request, account *plugin.Account) []kept {
	cookies := a.in(r)
	all := make([]kept, 0, len(cookies))
	for _, cookie := range cookies {
		attempt, _ := account.OpenAttempt(cookie.Value)
		all = append(all, kept{cookie.Name, inHeader(cookie.Name, cookie.Value), attempt.Begun})
	}
	// stable, because browsers send the older one first, and several may have begun in one second
	slices.SortStableFunc(all, func(a, b kept) int { return a.begun.Compare(b.begun) })
	return all
}

// inHeader is how many bytes a cookie takes in the header Cookie.
func inHeader(name, value string) int { return len(name) + len("=; ") + len(value) }
