package accounts

import (
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Grant is what an account has granted to a third-party platform (第三方平台). The platform's tokens of the account work as far as it goes.
type Grant struct {
	Component string
	Sets      []int    // permission sets (权限集); nil: none
	Tickets   []string // the types of ticket that getticket gives to the platform
	Ended     bool     // the account has taken it back

	source Source
}

// The permission sets that calls want.
const (
	SetMessages  = 1  // 消息管理, of official accounts
	SetPages     = 4  // 网页服务
	SetCards     = 8  // 微信卡券
	SetMenu      = 15 // 菜单
	SetQRCodes   = 17 // 小程序码
	SetDevelop   = 18 // 开发与数据分析, of mini programs
	SetService   = 19 // 客服, of mini programs
	SetAddresses = 88 // URL Scheme/Link
)

// setsOf are the permission sets that calls want, by the beginnings of their paths; WeChat's pages name them with each call. Others want none.
var setsOf = []struct {
	prefix         string
	official, mini int
}{
	{"/card/", SetCards, 0},
	{"/cgi-bin/menu/", SetMenu, 0},
	{"/cgi-bin/message/custom/", SetMessages, SetService},
	{"/cgi-bin/message/subscribe/", 0, SetDevelop},
	{"/wxa/business/getuserphonenumber", 0, SetDevelop},
	{"/wxa/getwxacode", 0, SetQRCodes},
	{"/cgi-bin/wxaapp/createwxaqrcode", 0, SetQRCodes},
	{"/wxa/generate", 0, SetAddresses},
}

// Lend gives a third-party platform a token of an account (authorizer_access_token). The one before works for overlap.
func (s *Store) Lend(a *App, g *Grant, overlap time.Duration, now time.Time) *Token {
	t := s.supersede(a, &g.source, overlap, now)
	t.Grant = g
	return t
}

// Token is the one that the platform got last; nil: none yet.
func (g *Grant) Token() *Token { return g.source.Current }

// Has says whether the grant has a permission set.
func (g *Grant) Has(set int) bool { return slices.Contains(g.Sets, set) }

// Check refuses a call that is not granted. kind is the type of a ticket, where the call wants one.
func (g *Grant) Check(a *App, path, kind string) error {
	want := 0
	if path == "/cgi-bin/ticket/getticket" {
		switch {
		case kind != CardTicket && kind != JSAPITicket:
			return nil // is refused as anybody's
		case !slices.Contains(g.Tickets, kind):
			return wire.ErrUnauthorized
		case kind == CardTicket:
			want = SetCards
		default:
			want = SetPages
		}
	}
	for _, s := range setsOf {
		if strings.HasPrefix(path, s.prefix) {
			if want = s.official; a.Kind == Mini {
				want = s.mini
			}
		}
	}
	if want != 0 && !g.Has(want) {
		return wire.ErrNotGranted
	}
	return nil
}
