package oauth

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
)

// attempt finds the attempt of a state.
func (o *OAuth) attempt(r *http.Request, account *plugin.Account, state string) (oauth.Attempt, bool) {
	for _, cookie := range r.CookiesNamed(o.attemptCookie(state)) {
		if attempt, ok := account.OpenAttempt(cookie.Value); ok && attempt.State == state {
			return attempt, true
		}
	}
	return oauth.Attempt{}, false
}

func (o *OAuth) attemptCookie(state string) string { return o.cookie + "_" + oauth.Slot(state) }

// attemptPath is that of the cookies of attempts: where logins begin, so that each sees those before it, and the callback.
func (o *OAuth) attemptPath() string {
	if o.Require || strings.HasPrefix(strings.ToLower(o.cookie), "__host-") { // browsers take such a name with no other path
		return "/"
	}
	return o.path
}

// keepAttempt has the browser keep an attempt, and forget others for which there is no room.
func (o *OAuth) keepAttempt(w http.ResponseWriter, r *http.Request, account *plugin.Account, attempt oauth.Attempt, text string) {
	name := o.attemptCookie(attempt.State)
	o.setCookie(w, r, name, text, o.attemptPath(), oauth.AttemptLife)
	kept := o.attempts(r, account)
	bytes := inHeader(name, text)
	for _, k := range kept {
		bytes += k.bytes
	}
	for len(kept) > 0 && (len(kept) >= oauth.MaxAttempts || bytes > oauth.MaxAttemptBytes) {
		o.setCookie(w, r, kept[0].name, "", o.attemptPath(), -1)
		bytes -= kept[0].bytes
		kept = kept[1:]
	}
}

// keptAttempt is a cookie that looks like that of an attempt.
type keptAttempt struct {
	name  string
	bytes int
	begun time.Time // zero: it is none, or one of another account
}

// attempts gives what a browser keeps of attempts: what can be none first, then the oldest.
func (o *OAuth) attempts(r *http.Request, account *plugin.Account) []keptAttempt {
	var kept []keptAttempt
	for _, cookie := range r.Cookies() {
		if slot, found := strings.CutPrefix(cookie.Name, o.cookie+"_"); found && oauth.IsSlot(slot) {
			attempt, _ := account.OpenAttempt(cookie.Value)
			kept = append(kept, keptAttempt{cookie.Name, inHeader(cookie.Name, cookie.Value), attempt.Begun})
		}
	}
	// stable, because browsers send the older one first, and several may have begun in one second
	slices.SortStableFunc(kept, func(a, b keptAttempt) int { return a.begun.Compare(b.begun) })
	return kept
}

// inHeader is how many bytes a cookie takes in the header Cookie.
func inHeader(name, value string) int { return len(name) + len("=; ") + len(value) }
