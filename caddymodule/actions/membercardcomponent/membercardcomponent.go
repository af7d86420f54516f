// Package membercardcomponent is the action member_card_component: what opens the member-card component (会员卡开卡组件).
package membercardcomponent

import (
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/answer"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// MemberCardComponent answers with the parameters of `wx.navigateToMiniProgram` that open WeChat's member-card component
// (会员卡开卡组件): `{"appId":"…","extraData":{"encrypt_card_id":"…","outer_str":"…","biz":"…"}}`.
//
// A request has `card_id` (may be left out if one card is listed) and `outer_str`: in the query of a GET,
// in a JSON object or a form of a POST. Clients must have the answer before the user taps: WeChat refuses
// to navigate in answer to anything but a tap.
type MemberCardComponent struct {
	// Which member cards this is for, and the channel that goes with them. A card's own block beats that of `*`.
	Cards []MemberCardRule `json:"cards,omitempty"`

	// The fields that clients may send themselves: `outer_str` or `none`. Default: `["outer_str"]`.
	Accept []string `json:"accept,omitempty"`

	// How long what WeChat gave for a card and an outer_str is used again: a duration, or `off`. Default: 10m.
	Cache string `json:"cache,omitempty"`

	// Which generation the cards are of: 1, or 2, member cards that have been upgraded (会员卡升级) or made in 微信支付. Those of
	// generation 2 are opened by other parameters, without any call: `{"appId":"…","path":"pages/card_open/card_open","extraData":
	// {"create_card_appid":"…","card_id":"…","outer_str":"…","activate_type":"…","jump_url":"…"}}`. Never tried on a real account.
	// Default: 1.
	Generation int `json:"generation,omitempty"`

	// How cards of generation 2 are opened. Default: as the account's own, activated by WeChat.
	Upgraded *Upgraded `json:"upgraded,omitempty"`

	cards    cards.Set
	shape    request.Shape
	accept   field.Set
	maxAge   time.Duration
	upgraded Upgraded // as configured, its placeholders evaluated
}

// MemberCardRule says what goes with some member cards. Values may hold placeholders; if one comes out empty,
// the request is refused with status 403. What is configured here, clients cannot send.
type MemberCardRule struct {
	// The ids of the cards; or `*` alone, for all cards of the account.
	CardID []string `json:"card_id,omitempty"`

	// The channel, which comes back in events. Users can change it. Default: none.
	OuterStr string `json:"outer_str,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (MemberCardComponent) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  action.Namespace + ".member_card_component",
		New: func() caddy.Module { return new(MemberCardComponent) },
	}
}

// Provision compiles the configuration.
func (m *MemberCardComponent) Provision(caddy.Context) error {
	for _, rule := range m.Cards {
		if err := m.cards.Add(rule.CardID, map[field.Field]string{field.OuterStr: rule.OuterStr}); err != nil {
			return err
		}
	}
	if err := m.cards.CheckNotEmpty(); err != nil {
		return err
	}
	var err error
	if m.accept, err = cards.ParseAccept(m.Accept, field.SetOf(field.OuterStr)); err != nil {
		return err
	}
	if m.maxAge, err = words.CacheAge(m.Cache, cards.ComponentAge); err != nil {
		return err
	}
	m.shape = request.Shape{Fields: field.SetOf(field.OuterStr), Max: 1}
	return m.checkGeneration()
}

// Needs implements Action.
func (m *MemberCardComponent) Needs() []credential.Kind {
	if m.Generation == 2 {
		return nil
	}
	return []credential.Kind{credential.AccessToken}
}

// Methods implements Answering.
func (m *MemberCardComponent) Methods() []string { return answer.Methods }

// CardUses implements CardUser.
func (m *MemberCardComponent) CardUses() []doctor.CardUse {
	return m.cards.Uses(func(*cards.Rule) doctor.CardUse {
		if m.Generation == 2 {
			return doctor.CardUse{Does: "opens the member-card component as for a card of generation 2, which WeChat's calls for cards know nothing of"}
		}
		return doctor.CardUse{OpensComponent: true}
	})
}

// PassesNothingOn implements Last.
func (m *MemberCardComponent) PassesNothingOn() {}

// ServeAction implements Action.
func (m *MemberCardComponent) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := answer.GetScratch()
	defer s.Free()
	q := &s.Request
	if err := q.Read(r, &m.shape); err != nil {
		return err
	}
	query := component.Query{MaxAge: m.maxAge}
	switch {
	case len(q.IDs) > 0:
		query.CardID = q.IDs[0]
	case m.cards.Any == nil && len(m.cards.Listed) == 1:
		query.CardID = m.cards.Listed[0]
	default:
		return problem.Invalid("card_id is missing")
	}
	rule, err := m.cards.Find(query.CardID)
	if err != nil {
		return err
	}
	if query.OuterStr, err = rule.Resolve(r, field.OuterStr, q.Shared[field.OuterStr], m.accept); err != nil {
		return err
	}
	if m.Generation == 2 {
		return m.openUpgraded(w, r, s, account, query.CardID, query.OuterStr)
	}
	// A placeholder may stand for what the client sent.
	chosen := rule.Values[field.OuterStr].Dynamic || !rule.Sets(field.OuterStr) && query.OuterStr != ""
	query.ClientChosen = chosen || !rule.Listed

	extra, err := account.MemberCardComponent(r.Context(), query)
	if err != nil {
		if rule.Listed {
			return &cards.ListedError{CardID: query.CardID, Err: err}
		}
		return err
	}
	b := append(s.Body, `{"appId":"`+card.ComponentAppID+`","extraData":`...)
	b = extra.AppendJSON(b)
	s.Body = append(b, '}')
	answer.JSON(w, r, s.Body)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	member_card_component [<card_id...>|*] {
//		card   <card_id...>|* {
//			outer_str <value>
//		}
//		accept outer_str|none
//		cache  <duration>|off
//		generation 1|2 {
//			create_card_appid <app_id>
//			activate_type     normal|jump
//			jump_url          <url>
//		}
//	}
func (m *MemberCardComponent) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		words.Arguments: func() (err error) {
			var rule MemberCardRule
			rule.CardID, err = cards.UnmarshalIDs(d, &seen)
			m.Cards = append(m.Cards, rule)
			return err
		},
		"card": func() (err error) {
			var rule MemberCardRule
			rule.CardID, err = cards.Unmarshal(d, &seen, map[field.Field]*string{field.OuterStr: &rule.OuterStr})
			m.Cards = append(m.Cards, rule)
			return err
		},
		"accept":     func() error { return cards.UnmarshalAccept(d, &m.Accept, field.SetOf(field.OuterStr)) },
		"cache":      func() error { return words.Cache(d, &m.Cache) },
		"generation": func() error { return m.unmarshalGeneration(d) },
	})
	if err != nil {
		return err
	}
	return words.Located(d, seen.CheckNotEmpty())
}

// Interface guards
var (
	_ caddy.Provisioner     = (*MemberCardComponent)(nil)
	_ action.Answering      = (*MemberCardComponent)(nil)
	_ action.Last           = (*MemberCardComponent)(nil)
	_ action.CardUser       = (*MemberCardComponent)(nil)
	_ caddyfile.Unmarshaler = (*MemberCardComponent)(nil)
)
