package platform

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// MaxScans is how many visits of WeChat's page wait for a merchant at once.
const MaxScans = 1_000

// The auth_types that a page can be opened with.
const (
	OfficialOnly = "1"
	MiniOnly     = "2"
	Both         = "3"
)

// preAuth is a pre_auth_code.
type preAuth struct {
	component *Component
	ends      time.Time
	used      bool
}

// Scan is a visit of WeChat's page that waits for a merchant, or was answered by one.
type Scan struct {
	Name        string // nobody can guess it
	Component   *Component
	PreAuth     string
	RedirectURI string
	AuthType    string
	AppID       string // biz_appid, the one account that may authorise; "": any
	Sets        []int  // category_id_list, which the platform asks for; nil: all
	Opened      time.Time
	To          string // where the merchant's answer led the page; "": it waits
}

// NewPreAuthCode makes a pre_auth_code.
func (s *Store) NewPreAuthCode(c *Component, now time.Time) string {
	text := "preauthcode@@@" + secret.Text(36)
	s.preAuths.Add(text, &preAuth{component: c, ends: now.Add(c.PreAuthLife)})
	return text
}

// Open is somebody who opens WeChat's page, from a page of the host referer ("": nobody says which). It fails with what WeChat's page
// says then.
func (s *Store) Open(sc Scan, referer string, now time.Time) (*Scan, error) {
	c := sc.Component
	p, found := s.preAuths.Get(sc.PreAuth)
	to, err := url.Parse(sc.RedirectURI)
	domain := c.Domain
	if domain == "" {
		domain = referer
	}
	switch {
	case referer == "" || referer != domain:
		return nil, fmt.Errorf("请确认授权入口页所在域名，与授权后回调页所在域名相同。授权入口页所在域名：%s，需为：%s", orEmpty(referer), orEmpty(c.Domain))
	case sc.PreAuth == "" || !found || p.component != c:
		return nil, errors.New("pre_auth_code 无效 (invalid)")
	case !now.Before(p.ends):
		return nil, errors.New("pre_auth_code 已过期 (expired)")
	case p.used && !c.PreAuthMany:
		return nil, errors.New("pre_auth_code 已使用 (was used)")
	case err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https":
		return nil, errors.New("redirect_uri 无效：须带 http:// 或 https://，并经过 URL 编码 (no http or https address; it has to be encoded once)")
	case to.Hostname() != domain:
		return nil, fmt.Errorf("授权回调页所在域名：%s，需为：%s (redirect_uri leads to another host)", to.Hostname(), domain)
	case !slices.Contains([]string{"", OfficialOnly, MiniOnly, Both, "6"}, sc.AuthType):
		return nil, errors.New("auth_type 无效 (not one for accounts that have cards)")
	}
	p.used = true
	sc.Name, sc.Opened = secret.Text(24), now
	s.scans.Add(sc.Name, &sc)
	return &sc, nil
}

func orEmpty(host string) string {
	if host == "" {
		return "空"
	}
	return host
}

// Scan gives a visit of WeChat's page.
func (s *Store) Scan(name string) (*Scan, bool) { return s.scans.Get(name) }

// Waiting gives the visits that wait for a merchant, the latest first.
func (s *Store) Waiting(now time.Time) (list []*Scan) {
	for _, sc := range slices.Backward(s.scans.Values()) {
		if sc.To == "" && now.Sub(sc.Opened) < sc.Component.PreAuthLife {
			list = append(list, sc)
		}
	}
	return list
}

// Candidates are the accounts that may answer a visit.
func (s *Store) Candidates(sc *Scan) []*Merchant {
	if sc.AppID == "" {
		return s.Merchants(sc.AuthType)
	}
	m, err := s.Merchant(sc.AppID)
	if err != nil {
		return nil
	}
	return []*Merchant{m}
}

// SetsOf are the permission sets that a merchant is asked for.
func (sc *Scan) SetsOf(m *Merchant) []int {
	return slices.DeleteFunc(m.Sets(), func(set int) bool { return sc.Sets != nil && !slices.Contains(sc.Sets, set) })
}

// Confirm is a merchant who scans the page and agrees: for this account, with these permission sets; nil: with all that he is asked for. The
// event, which may be nil, is to be pushed.
func (s *Store) Confirm(sc *Scan, appID string, sets []int, now time.Time) (*Event, error) {
	if sc.To != "" {
		return nil, errors.New("somebody has confirmed this already")
	}
	if sc.AppID != "" && appID != sc.AppID {
		return nil, errors.New("biz_appid names another account")
	}
	m, err := s.Merchant(appID)
	switch {
	case err != nil:
		return nil, err
	case sc.AuthType == OfficialOnly && m.MiniProgram, sc.AuthType == MiniOnly && !m.MiniProgram:
		return nil, errors.New("auth_type is for another kind of account")
	}
	if sets == nil {
		sets = sc.SetsOf(m)
	}
	granted, err := s.Grant(sc.Component, appID, sets, sc.PreAuth, now)
	if err != nil {
		return nil, err
	}
	to, _, _ := strings.Cut(sc.RedirectURI, "#")
	sep := "?"
	if strings.Contains(to, sep) {
		sep = "&"
	}
	sc.To = to + sep + "auth_code=" + wire.Escape(granted.Code) + "&expires_in=" + strconv.Itoa(int(sc.Component.CodeLife/time.Second))
	return granted.Event, nil
}
