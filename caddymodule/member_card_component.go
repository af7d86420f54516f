package caddymodule

import (
	"fmt"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

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

	cards  cardSet
	shape  shape
	accept fieldSet
	maxAge time.Duration
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
		ID:  actionNamespace + ".member_card_component",
		New: func() caddy.Module { return new(MemberCardComponent) },
	}
}

// Provision compiles the configuration.
func (m *MemberCardComponent) Provision(caddy.Context) error {
	for _, rule := range m.Cards {
		if err := m.cards.add(rule.CardID, map[field]string{outerStr: rule.OuterStr}); err != nil {
			return err
		}
	}
	if err := m.cards.checkNotEmpty(); err != nil {
		return err
	}
	var err error
	if m.accept, err = parseAccept(m.Accept, fieldsOf(outerStr)); err != nil {
		return err
	}
	if m.maxAge, err = parseCache(m.Cache); err != nil {
		return err
	}
	m.shape = shape{fields: fieldsOf(outerStr), max: 1}
	return nil
}

// parseCache reads how long something is used again; 0: not at all.
func parseCache(s string) (time.Duration, error) {
	switch s {
	case "":
		return defaultComponentAge, nil
	case "off":
		return 0, nil
	}
	age, err := caddy.ParseDuration(s)
	if err != nil || age <= 0 {
		return 0, fmt.Errorf("cache is off or a duration greater than zero, not '%s'", s)
	}
	return age, nil
}

// Needs implements Action.
func (m *MemberCardComponent) Needs() []credential.Kind {
	return []credential.Kind{credential.AccessToken}
}

// Methods implements Answering.
func (m *MemberCardComponent) Methods() []string { return answeringMethods }

// CardUses implements CardUser.
func (m *MemberCardComponent) CardUses() []plugin.CardUse {
	return m.cards.uses(func(*cardRule) plugin.CardUse { return plugin.CardUse{OpensComponent: true} })
}

// ServeAction implements Action.
func (m *MemberCardComponent) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := getScratch()
	defer s.free()
	q := &s.request
	if err := q.read(r, &m.shape); err != nil {
		return err
	}
	query := plugin.ComponentQuery{MaxAge: m.maxAge}
	switch {
	case len(q.ids) > 0:
		query.CardID = q.ids[0]
	case m.cards.any == nil && len(m.cards.listed) == 1:
		query.CardID = m.cards.listed[0]
	default:
		return invalid("card_id is missing")
	}
	rule, err := m.cards.find(query.CardID)
	if err != nil {
		return err
	}
	if query.OuterStr, err = rule.resolve(r, outerStr, q.shared[outerStr], m.accept); err != nil {
		return err
	}
	// A placeholder may stand for what the client sent.
	chosen := rule.values[outerStr].dynamic || !rule.sets(outerStr) && query.OuterStr != ""
	query.ClientChosen = chosen || !rule.listed

	extra, err := account.MemberCardComponent(r.Context(), query)
	if err != nil {
		if rule.listed {
			return &listedCardError{query.CardID, err}
		}
		return err
	}
	b := append(s.answer, `{"appId":"`+card.ComponentAppID+`","extraData":`...)
	b = extra.AppendJSON(b)
	s.answer = append(b, '}')
	answerJSON(w, r, s.answer)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	member_card_component {
//		card   <card_id...>|* {
//			outer_str <value>
//		}
//		accept outer_str|none
//		cache  <duration>|off
//	}
func (m *MemberCardComponent) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var cards cardSet
	err := unmarshalSegment(d, subdirectives{
		"card": func() (err error) {
			var rule MemberCardRule
			rule.CardID, err = unmarshalCard(d, &cards, map[field]*string{outerStr: &rule.OuterStr})
			m.Cards = append(m.Cards, rule)
			return err
		},
		"accept": func() error { return unmarshalAccept(d, &m.Accept, fieldsOf(outerStr)) },
		"cache": func() error {
			if err := oneValue(d, &m.Cache); err != nil {
				return err
			}
			_, err := parseCache(m.Cache)
			return located(d, err)
		},
	})
	if err != nil {
		return err
	}
	return located(d, cards.checkNotEmpty())
}

// Interface guards
var (
	_ caddy.Provisioner     = (*MemberCardComponent)(nil)
	_ Answering             = (*MemberCardComponent)(nil)
	_ CardUser              = (*MemberCardComponent)(nil)
	_ caddyfile.Unmarshaler = (*MemberCardComponent)(nil)
)
