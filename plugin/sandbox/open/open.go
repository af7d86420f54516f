// Package open is the pages of open.weixin.qq.com that a site sends its visitors to (网页授权), so that they come back with a code.
package open

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// The pages: WeChat's, and the one that a visitor's choice leads to.
const (
	authorizePath = "/connect/oauth2/authorize"
	consentPath   = "/connect/oauth2/consent"
)

// IsWanted says whether a request is for one of these pages.
func IsWanted(r *http.Request) bool {
	return r.URL.Path == authorizePath || r.URL.Path == consentPath
}

// Serve answers with a page, or sends the visitor back.
func Serve(w *world.World, rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		rw.Header().Set("Allow", "GET, HEAD")
		show(rw, http.StatusMethodNotAllowed, refusedPage, "want GET")
		return
	}
	w.Lock()
	defer w.Unlock()
	if r.URL.Path == consentPath {
		consent(w, rw, r.URL.Query())
		return
	}
	req, refused := read(r.URL.RawQuery, w.OAuth.Mood.Domain)
	if refused == "" && req.Component != "" {
		refused = checkComponent(w, req)
	}
	switch {
	case refused != "":
		show(rw, http.StatusBadRequest, refusedPage, refused)
	case req.Scope == oauth.UserInfo && w.OAuth.Mood.Consent == oauth.Ask:
		show(rw, http.StatusOK, consentPage, map[string]string{
			"App": req.App, "User": w.OAuth.Mood.User, "To": req.RedirectURI, "Choose": consentPath + "?request=" + w.OAuth.Wait(req) + "&choice=",
		})
	default:
		goBack(w, rw, req, w.OAuth.Mood.Consent)
	}
}

// consent is what follows when the visitor has chosen.
func consent(w *world.World, rw http.ResponseWriter, q url.Values) {
	req, found := w.OAuth.Waiting(q.Get("request"))
	if !found {
		show(rw, http.StatusNotFound, refusedPage, "no such request waits: open the site's page again")
		return
	}
	goBack(w, rw, req, q.Get("choice"))
}

// order is that of the parameters, which WeChat heeds. Others that it knows may follow.
var order = regexp.MustCompile(`^appid=([^&]*)&redirect_uri=([^&]*)&response_type=([^&]*)&scope=([^&]*)&state=([^&]*)(?:&component_appid=([^&]*))?(?:&(?:forcePopup|forceSnapShot|connect_redirect)=[^&]*)*$`)

var isState = regexp.MustCompile(`^[a-zA-Z0-9]{0,128}$`)

// read reads a request as strictly as WeChat does. That the address ended in #wechat_redirect no server can see.
func read(query, domain string) (req oauth.Request, refused string) {
	m := order.FindStringSubmatch(query)
	if m == nil {
		return req, "10005: the parameters must be appid, redirect_uri, response_type, scope and state, in this order and case"
	}
	for i := range m {
		value, err := url.QueryUnescape(m[i])
		if err != nil {
			return req, "10005: " + err.Error()
		}
		m[i] = value
	}
	req = oauth.Request{App: m[1], RedirectURI: m[2], Scope: m[4], State: m[5], Component: m[6]}
	to, err := url.Parse(req.RedirectURI)
	switch {
	case req.App == "":
		return req, "10012: appid is empty"
	case req.RedirectURI == "":
		return req, "10011: redirect_uri is empty"
	case err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https":
		return req, "10003: redirect_uri is no http or https address; it has to be encoded once"
	case domain != "" && to.Hostname() != domain:
		return req, "10003: the host of redirect_uri is not the one that is set for the account: " + domain
	case m[3] != "code":
		return req, "10005: response_type is not code"
	case req.Scope == "":
		return req, "10010: scope is empty"
	case req.Scope != oauth.Base && req.Scope != oauth.UserInfo:
		return req, "10005: no such scope"
	case req.State == "":
		return req, "10013: state is empty"
	case !isState.MatchString(req.State):
		return req, "state is not at most 128 letters and digits"
	}
	return req, ""
}

// checkComponent says why a third-party platform may not send visitors on an account's behalf.
func checkComponent(w *world.World, req oauth.Request) (refused string) {
	c, found := w.Platform.Component(req.Component)
	if !found {
		return "10015: the account has not authorised this component_appid"
	}
	a, err := c.Authorised(req.App)
	switch {
	case err != nil:
		return "10015: the account has not authorised this component_appid"
	case !a.Has(accounts.SetPages):
		return "10005: the account has not granted the permission set 4 (网页服务)"
	}
	return ""
}

// goBack sends a visitor back to the site. Who does not agree comes without a code; and who gives only his openid is not asked.
func goBack(w *world.World, rw http.ResponseWriter, req oauth.Request, choice string) {
	state := "state=" + req.State
	if req.Scope == oauth.Base || choice != oauth.Deny {
		state = "code=" + w.OAuth.Grant(req, req.Scope == oauth.UserInfo && choice == oauth.Snapshot, w.Now()) + "&" + state
	}
	if req.Component != "" {
		state += "&appid=" + url.QueryEscape(req.App)
	}
	to := req.RedirectURI
	to, _, _ = strings.Cut(to, "#")
	sep := "?"
	if strings.Contains(to, sep) {
		sep = "&"
	}
	to += sep + state
	if w.OAuth.Mood.Double {
		show(rw, http.StatusOK, doublePage, to)
		return
	}
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("Location", to)
	rw.WriteHeader(http.StatusFound)
}
