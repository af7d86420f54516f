package platformauthorize

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/notify"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
	"go.uber.org/zap"
)

// The parameters of the page's address.
const (
	paramStart  = "start"  // begin, at the page of this device
	paramReturn = "return" // where the merchant goes on to
	paramAppID  = "app_id" // of the account that is to be authorised
	paramNonce  = "nonce"  // WeChat has sent the merchant back
	paramCode   = "auth_code"

	startPC     = "pc"
	startMobile = "mobile"
)

// maxCode is the longest auth_code that is passed on to WeChat, whose own have some 100 characters.
const maxCode = 512

var now = time.Now

// asked is what a merchant wants.
type asked struct {
	back  string // where to go on to; "": nowhere
	appID string // of the account; "": any
}

// readAsked reads what a merchant wants.
func (p *PlatformAuthorize) readAsked(r *http.Request) (a asked, err error) {
	back, appID := visit.Param(r, paramReturn), visit.Param(r, paramAppID)
	switch {
	case back.Fault != "":
		return a, problem.Invalid("%s %s", paramReturn, back.Fault)
	case appID.Fault != "":
		return a, problem.Invalid("%s %s", paramAppID, appID.Fault)
	case appID.S != "" && !field.IsAppID(appID.S):
		return a, problem.Invalid("app_id is not wx and 16 hex digits")
	}
	a.appID = appID.S
	if back.S == "" {
		return a, nil
	}
	var ok bool
	if a.back, ok = oauth.ReturnTo(back.S, p.origins, p.pathOf(r)); !ok {
		return a, problem.Invalid("return is neither a path of this site nor an address of a listed origin")
	}
	return a, nil
}

// pathOf is the path of the page, as the browser shows it.
func (p *PlatformAuthorize) pathOf(r *http.Request) string {
	if p.path != "" {
		return p.path
	}
	return visit.Page(r).EscapedPath()
}

// offer shows the page with the links.
func (p *PlatformAuthorize) offer(w http.ResponseWriter, r *http.Request) error {
	a, err := p.readAsked(r)
	if err != nil {
		return err
	}
	p.show(w, r, http.StatusOK, page{kind: pageOffer, links: a})
	return nil
}

// start fetches a pre_auth_code and leads to WeChat's page from one of ours: WeChat wants to know by the Referer where its visitors come
// from, and nobody knows for sure what browsers send when the way is a redirect.
func (p *PlatformAuthorize) start(w http.ResponseWriter, r *http.Request, device field.Text) error {
	if device.Fault != "" {
		return problem.Invalid("%s %s", paramStart, device.Fault)
	}
	if device.S != startPC && device.S != startMobile {
		return problem.Invalid("start is pc or mobile")
	}
	a, err := p.readAsked(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead || isPrefetch(r) {
		visit.NoStore(w)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	code, _, err := p.component.PreAuthCode(clients.Context(r))
	if err != nil {
		return p.failed(err)
	}
	attempt := p.component.NewAttempt(a.back)
	p.keep(w, r, attempt)
	address := p.component.AuthorizeURL(thirdparty.Authorize{
		PreAuthCode: code, Type: authTypes[p.AuthType], AppID: a.appID, Mobile: device.S == startMobile,
		Back: visit.Origin(r, p.origins) + p.pathOf(r) + "?" + paramNonce + "=" + attempt.Nonce,
	})
	p.show(w, r, http.StatusOK, page{kind: pageLeave, to: address})
	return nil
}

// isPrefetch tells a browser that only thinks that somebody may follow a link.
func isPrefetch(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose")), "prefetch")
}

// callback takes a merchant whom WeChat has sent back.
func (p *PlatformAuthorize) callback(w http.ResponseWriter, r *http.Request, nonce field.Text) error {
	attempt, ok := p.attempt(r, nonce.S)
	if !ok || nonce.Fault != "" {
		return problem.Newf(http.StatusForbidden, problem.ReasonStateInvalid,
			"this authorisation was not begun in this browser, or more than an hour ago: open the page again")
	}
	code := visit.Param(r, paramCode)
	switch {
	case code.Fault != "":
		return problem.Invalid("%s %s", paramCode, code.Fault)
	case code.S == "":
		return problem.Newf(http.StatusForbidden, problem.ReasonLoginRefused, "WeChat gave no auth_code: nothing was authorised")
	case field.TooLong(code.S, maxCode):
		return problem.Invalid("%s is longer than %d characters", paramCode, maxCode)
	case !field.All(code.S, func(c byte) bool { return ' ' < c && c <= '~' }):
		return problem.Invalid("%s is not printable ASCII without blanks", paramCode)
	}
	if r.Method == http.MethodHead {
		visit.NoStore(w)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	authorised, err := p.component.Authorise(clients.Context(r), code.S)
	if err != nil {
		return p.failed(err)
	}
	if !p.component.Claim(clients.Context(r), code.S, nonce.S) {
		return problem.Newf(http.StatusForbidden, problem.ReasonStateInvalid, "this %s belongs to an authorisation that was begun elsewhere: open the page again", paramCode)
	}
	missing := thirdparty.Missing(authorised)
	p.logger.Info("account authorised the component", zap.String("component", p.Component), zap.String("app_id", authorised.AppID),
		zap.Ints("sets", authorised.Sets), zap.Ints("missing", missing))
	back := ""
	if attempt.Return != "" {
		if address, ok := oauth.ReturnTo(attempt.Return, p.origins, p.pathOf(r)); ok { // the configuration may list its origin no more
			back = p.signed(address, authorised.AppID)
		}
	}
	if back != "" && len(missing) == 0 {
		visit.Redirect(w, back)
		return nil
	}
	p.show(w, r, http.StatusOK, page{
		kind: pageDone, authorised: authorised, missing: missing, to: back, links: asked{back: attempt.Return, appID: authorised.AppID},
	})
	return nil
}

// signed adds to an address who has authorised, so that a backend can believe it: with the key of notify.
func (p *PlatformAuthorize) signed(address, appID string) string {
	if p.key == "" {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	timestamp := strconv.FormatInt(now().Unix(), 10)
	q := url.Values{"app_id": {appID}, "time": {timestamp}, "signature": {notify.Sign(p.key, appID, timestamp, []byte(address))}}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += q.Encode()
	return u.String()
}

// failed makes a problem of any error of the component's.
func (p *PlatformAuthorize) failed(err error) error {
	if problem.Of(err, now()) != nil {
		return err
	}
	one := problem.Newf(http.StatusBadGateway, problem.ReasonWechatError, "the component could not do it; what was wrong is in the log")
	one.Err = err
	return one
}
