// Package oauth knows the visitors of web pages in WeChat's browser (网页授权): it sends them to WeChat's page, asks once whose a
// code is however often that is asked, and seals who a visitor is for a cookie.
//
// Where to read on: oauth.go has the way there, attempt.go and session.go what browsers keep, visitor.go the one exchange of a
// code, outcome.go what it told, record.go what a fleet shares of that, returns.go where visitors may go back to.
package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// DefaultOpenURL is where WeChat's page is unless a Config says otherwise.
const DefaultOpenURL = "https://open.weixin.qq.com"

// Config is what Visitors need to know.
type Config struct {
	Client     *wechat.Client   // required
	AppID      string           // of the official account
	AppSecret  string           // of the same; "": there is a Component
	Component  string           // the app id of the third-party platform (第三方平台) that asks for the account; "": none does
	SealSecret string           // what cookies and the Store's records are sealed with; "": the AppSecret; without both CheckOAuth fails, and nothing else may be called
	OpenURL    string           // where WeChat's page is, without a slash at its end; "": DefaultOpenURL
	Limit      *limit.Bucket    // of the calls; required
	Store      storeguard.Store // where a fleet shares what a code has told; nil: nowhere
	Prefix     string           // of the Store's keys, without a slash at its end
	Logger     *slog.Logger     // nil: silent
	Now        func() time.Time // our clock; required
	WeChatTime func() time.Time // WeChat's clock, as far as it is known; required

	// WebLogin asks whose a code is; nil: with the AppSecret. Required with a Component.
	WebLogin func(ctx context.Context, code string) (wechat.WebUser, error)
}

// Visitors knows the visitors of an account's pages.
type Visitors struct {
	cfg   Config
	state *State
	tools atomic.Pointer[tools] // nil: nothing was asked for yet
}

// tools are made when they are needed: there may be ten thousand accounts, and few of them have visitors.
type tools struct {
	attempts, sessions *seal.Sealer
	shared             *shelf
}

// New makes Visitors with what is remembered. It calls nobody and starts nothing.
func New(cfg Config, state *State) *Visitors {
	cfg.OpenURL = cmp.Or(cfg.OpenURL, DefaultOpenURL)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Visitors{cfg: cfg, state: state}
}

// use gives the tools. It fails only without an app secret.
func (v *Visitors) use() (*tools, error) {
	if t := v.tools.Load(); t != nil {
		return t, nil
	}
	secret := cmp.Or(v.cfg.SealSecret, v.cfg.AppSecret)
	if secret == "" || v.cfg.AppSecret == "" && v.cfg.WebLogin == nil {
		return nil, errors.New("oauth needs the account's app_secret: WeChat wants it, and cookies are sealed with it")
	}
	var sealers [3]*seal.Sealer
	for i, what := range []string{"attempt", "session", "outcome"} {
		var err error
		if sealers[i], err = seal.For(secret, fmt.Sprintf("oauth %s of %s, version 1", what, v.cfg.AppID)); err != nil {
			return nil, err
		}
	}
	v.tools.CompareAndSwap(nil, &tools{sealers[0], sealers[1], newShelf(v.cfg, sealers[2])})
	return v.tools.Load(), nil
}

// must is use, for those who have asked CheckOAuth.
func (v *Visitors) must() *tools {
	t, err := v.use()
	if err != nil {
		panic(err)
	}
	return t
}

// CheckOAuth tells why the account can have no visitors; nil when it can. Without it nothing else may be called.
func (v *Visitors) CheckOAuth() error {
	_, err := v.use()
	return err
}

// StopOAuth ends what goes on in the background. It returns within a second or two.
func (v *Visitors) StopOAuth() {
	if t := v.tools.Load(); t != nil {
		t.shared.stop()
	}
}

// Scope is what a visitor is asked for.
type Scope string

// The scopes. Base passes silently and gives the openid only.
const (
	Base     Scope = "snsapi_base"
	UserInfo Scope = "snsapi_userinfo"
)

// AuthorizeURL is the address of WeChat's page, from which a visitor comes to redirectURI with a code and the state. WeChat heeds
// the order of its parameters, and wants the fragment.
func (v *Visitors) AuthorizeURL(redirectURI string, scope Scope, state string) string {
	return v.cfg.OpenURL + "/connect/oauth2/authorize?appid=" + url.QueryEscape(v.cfg.AppID) + "&redirect_uri=" + url.QueryEscape(redirectURI) +
		"&response_type=code&scope=" + string(scope) + "&state=" + state + v.component() + "#wechat_redirect"
}

// component is the parameter that names who asks, behind all others.
func (v *Visitors) component() string {
	if v.cfg.Component == "" {
		return ""
	}
	return "&component_appid=" + url.QueryEscape(v.cfg.Component)
}

// webLogin asks whose a code is.
func (v *Visitors) webLogin(ctx context.Context, code string) (wechat.WebUser, error) {
	if v.cfg.WebLogin != nil {
		return v.cfg.WebLogin(ctx, code)
	}
	return v.cfg.Client.WebLogin(ctx, v.cfg.AppID, v.cfg.AppSecret, code)
}
