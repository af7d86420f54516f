package cards

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// A card id that nobody made becomes a card of the first account that uses it (or whose api_ticket signs for it), so that
// a demo works with any id: a cash coupon if the id has "coupon" in it, in any letter case, else an approved member card of the
// jump type (wx_activate, wx_activate_after_submit, form set), which can be consumed all the same, as a coupon. There are a
// million of it, with WeChat's codes, unless Config.CustomCodeCards names it. From then on it is that account's, and 40073 for
// others. No card ever springs up from an id that begins with "pUnknown", from one that is no card id ([0-9A-Za-z_-]{1,64}), or
// under Config.StrictCards.

const springAfterURL = "https://merchant.example/activate?from=wechat"

// Of gives the card of an account, which may spring up for it. It fails with WeChat's refusal.
func (s *Store) Of(appID, id string) (*Card, error) {
	if id == "" {
		return nil, wire.ErrNoCardID
	}
	c, found := s.cards.Get(id)
	switch {
	case found && (c.App != appID || c.Status == Deleted):
		return nil, wire.ErrBadCardID
	case found:
		return c, nil
	case !s.Springs(id):
		return nil, wire.ErrBadCardID
	}
	return s.Spring(appID, id), nil
}

// MemberOf gives a member card of an account.
func (s *Store) MemberOf(appID, id string) (*Card, error) {
	c, err := s.Of(appID, id)
	if err != nil {
		return nil, err
	}
	if c.Type != MemberCard {
		return nil, wire.ErrNeedMember
	}
	return c, nil
}

// Springs says whether id becomes a card on first use.
func (s *Store) Springs(id string) bool {
	return !s.strict && isCardID(id) && !strings.HasPrefix(id, "pUnknown")
}

// Spring makes the card that an id becomes on first use, for an account.
func (s *Store) Spring(appID, id string) *Card {
	base := map[string]any{
		"title": "会员卡", "brand_name": "沙箱商户", "color": "Color010", "code_type": "CODE_TYPE_QRCODE",
		"date_info":       map[string]any{"type": "DATE_TYPE_PERMANENT"},
		"sku":             map[string]any{"quantity": manyInStock},
		"use_custom_code": s.customCode[id], "bind_openid": false,
	}
	c := &Card{
		ID: id, App: appID, Type: MemberCard, Status: Approved, Created: s.now(), Updated: s.now(),
		Quantity: manyInStock, Total: manyInStock, Known: make(map[string]bool), Sprung: true,
	}
	if strings.Contains(strings.ToLower(id), "coupon") {
		base["title"] = "代金券"
		base["date_info"] = map[string]any{"type": "DATE_TYPE_FIX_TERM", "fixed_term": 30, "fixed_begin_term": 0}
		c.Type = "CASH"
		c.Body = map[string]any{"base_info": base, "least_cost": 0, "reduce_cost": 1000}
	} else {
		c.Body = map[string]any{
			"base_info": base, "prerogative": "会员特权", "wx_activate": true,
			"wx_activate_after_submit": true, "wx_activate_after_submit_url": springAfterURL,
		}
		c.Form = []string{"USER_FORM_INFO_FLAG_MOBILE"}
	}
	c.Flags, _ = readFlags(c.Body) // fits
	s.cards.Add(id, c)
	return c
}
