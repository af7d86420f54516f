package platform

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Authorisation is what a platform may do for an account.
type Authorisation struct {
	*accounts.Grant

	AppID     string
	Since     time.Time
	Exchanged time.Time // when the platform exchanged a code of it; zero: never yet

	refresh, before string // refresh tokens: this one, and the one that it took the place of
	beforeEnds      time.Time
	used            time.Time // when the platform used the refresh token last
}

// RefreshToken is what api_get_authorizer_list tells: nothing, as long as no code was exchanged.
func (a *Authorisation) RefreshToken() string {
	if a.Exchanged.IsZero() {
		return ""
	}
	return a.refresh
}

// code is an authorization code (auth_code).
type code struct {
	component *Component
	of        *Authorisation
	ends      time.Time
	used      bool
}

// Granted is what comes of a merchant's consent.
type Granted struct {
	Code  string // for the callback
	Event *Event // to be pushed; nil: nothing has changed, and nothing is
}

// Grant is an account that authorises a platform, with these permission sets, or all that it has. Doing so again changes them.
func (s *Store) Grant(c *Component, appID string, sets []int, preAuth string, now time.Time) (*Granted, error) {
	m, err := s.Merchant(appID)
	if err != nil {
		return nil, err
	}
	if len(c.TestList) > 0 && !slices.Contains(c.TestList, m.UserName) {
		return nil, fmt.Errorf("the platform is not published, and %s is not on its test list", m.UserName)
	}
	if sets == nil {
		sets = m.Sets()
	}
	for _, set := range sets {
		if !slices.Contains(m.Sets(), set) {
			return nil, fmt.Errorf("an account of this kind has no permission set %d", set)
		}
	}
	sets = slices.Compact(slices.Sorted(slices.Values(sets)))
	app := s.accounts.App(appID)
	if app.Kind = accounts.Official; m.MiniProgram {
		app.Kind = accounts.Mini
	}
	kind := AuthorizedEvent
	a := c.grants[appID]
	switch {
	case a == nil && len(c.grants) >= accounts.MaxApps:
		return nil, errors.New("too many accounts have authorised the platform")
	case a == nil || a.Ended:
		a = &Authorisation{Grant: &accounts.Grant{Component: c.ID, Tickets: c.Tickets.kinds()}, AppID: appID, refresh: newRefreshToken(), used: now}
		c.grants[appID] = a
	case slices.Equal(a.Sets, sets):
		kind = ""
	default:
		kind = UpdatedEvent
	}
	a.Sets, a.Since = sets, now
	g := &Granted{Code: s.newCode(c, a, now)}
	if kind != "" {
		told := g.Code
		if c.OtherCode {
			told = s.newCode(c, a, now)
		}
		g.Event = c.granted(kind, a, told, preAuth, now)
	}
	return g, nil
}

// GrantExchanged is a Grant of before, whose code the platform has exchanged, wherever that was: nothing is told of it.
func (s *Store) GrantExchanged(c *Component, appID string, sets []int, now time.Time) error {
	if _, err := s.Grant(c, appID, sets, "", now); err != nil {
		return err
	}
	c.grants[appID].Exchanged = now
	return nil
}

func newRefreshToken() string { return "refreshtoken@@@" + secret.Text(33) }

func (s *Store) newCode(c *Component, a *Authorisation, now time.Time) string {
	text := "queryauthcode@@@" + secret.Text(48)
	s.codes.Add(text, &code{component: c, of: a, ends: now.Add(c.CodeLife)})
	return text
}

// Cancel is an account that takes its authorisation back (取消授权). The event is to be pushed.
func (s *Store) Cancel(c *Component, appID string, now time.Time) (*Event, error) {
	a, err := c.Authorised(appID)
	if err != nil {
		return nil, fmt.Errorf("%s has not authorised %s", appID, c.ID)
	}
	a.Ended = true
	return c.ended(appID, now), nil
}

// Authorised gives what an account has granted. It fails with WeChat's refusal.
func (c *Component) Authorised(appID string) (*Authorisation, error) {
	a := c.grants[appID]
	switch {
	case a == nil && strings.TrimSpace(appID) == "":
		return nil, wire.ErrBadAppID
	case a == nil || a.Ended:
		return nil, wire.ErrNotAuthorized
	}
	return a, nil
}

// Authorisations gives all that stand, in no order that anybody was promised.
func (c *Component) Authorisations() []*Authorisation {
	list := make([]*Authorisation, 0, len(c.grants))
	for _, a := range c.grants {
		if !a.Ended {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *Authorisation) int { return strings.Compare(b.AppID, a.AppID) })
	return list
}

// Latest gives at most n of those that stand, the latest first, and says how many there are. It is cheap where there are many.
func (c *Component) Latest(n int) (list []*Authorisation, total int) {
	for _, a := range c.grants {
		if a.Ended {
			continue
		}
		total++
		at, _ := slices.BinarySearchFunc(list, a, func(a, b *Authorisation) int {
			return cmp.Or(b.Since.Compare(a.Since), strings.Compare(a.AppID, b.AppID))
		})
		if at < n {
			list = slices.Insert(list, at, a)
			list = list[:min(len(list), n)]
		}
	}
	return list, total
}
