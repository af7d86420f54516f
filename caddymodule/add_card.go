package caddymodule

import (
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// AddCard answers with the parameters of `wx.addCard`, signed: `{"cardList":[{"cardId":"…","cardExt":"…"}]}`,
// to be passed on as they are.
//
// A GET names the cards with `card_id` (repeated, or separated by commas), and fields that then hold for all of them.
// A POST does the same with a JSON object or a form, or has `{"cards":[{"card_id":"…","outer_str":"…"}]}` with fields for each card.
// Without any card the answer holds all that are listed by their ids.
type AddCard struct {
	// Which cards this hands out, and what goes with them. A card's own block beats that of `*`.
	Cards []AddCardRule `json:"cards,omitempty"`

	// The fields that clients may send themselves, of `outer_str`, `code`, `openid` and `fixed_begintimestamp`; or `none`.
	// Default: `["outer_str"]`.
	Accept []string `json:"accept,omitempty"`

	// Whether each card gets a random nonce_str, `on` or `off`. Default: on.
	NonceStr string `json:"nonce_str,omitempty"`

	// How the timestamp is written into cardExt: as a `string` or a `number`. Default: string.
	Timestamp string `json:"timestamp,omitempty"`

	// How many cards one request may ask for. Default: 5.
	MaxCards int `json:"max_cards,omitempty"`

	cards   cardSet
	shape   shape
	accept  fieldSet
	nonce   bool
	numeric bool
}

// AddCardRule says what goes with some cards. Values may hold placeholders; if one comes out empty, the request is refused
// with status 403. What is configured here, clients cannot send.
type AddCardRule struct {
	// The ids of the cards; or `*` alone, for all cards of the account: whoever can send a request gets any of them.
	CardID []string `json:"card_id,omitempty"`

	// For cards with custom codes that are not deposited at WeChat. Default: none.
	Code string `json:"code,omitempty"`

	// For cards that are bound to one user (bind_openid): the user's openid in the mini program. Default: none.
	OpenID string `json:"openid,omitempty"`

	// The channel, which comes back in events. It is not signed: users can change it. Default: none.
	OuterStr string `json:"outer_str,omitempty"`

	// When the card begins to be valid, in seconds since 1970, for cards whose validity is counted in days. Default: none.
	FixedBeginTimestamp string `json:"fixed_begintimestamp,omitempty"`
}

// addCardFields are the fields that a cardExt may hold.
var addCardFields = fieldsOf(outerStr, code, openID, fixedBegin)

// CaddyModule returns the Caddy module information.
func (AddCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: actionNamespace + ".add_card", New: func() caddy.Module { return new(AddCard) }}
}

// Provision compiles the configuration.
func (a *AddCard) Provision(caddy.Context) error {
	for _, rule := range a.Cards {
		err := a.cards.add(rule.CardID, map[field]string{
			code: rule.Code, openID: rule.OpenID, outerStr: rule.OuterStr, fixedBegin: rule.FixedBeginTimestamp,
		})
		if err != nil {
			return err
		}
	}
	if err := a.cards.checkNotEmpty(); err != nil {
		return err
	}
	var err error
	if a.accept, err = parseAccept(a.Accept, addCardFields); err != nil {
		return err
	}
	if a.nonce, err = onOff("nonce_str", a.NonceStr); err != nil {
		return err
	}
	switch a.Timestamp {
	case "", "string":
	case "number":
		a.numeric = true
	default:
		return fmt.Errorf("timestamp is string or number, not '%s'", a.Timestamp)
	}
	a.shape = shape{fields: addCardFields, idList: true, cards: true}
	a.shape.max, err = a.cards.maxCards(a.MaxCards)
	return err
}

// Needs implements Action.
func (a *AddCard) Needs() []credential.Kind { return []credential.Kind{credential.APITicket} }

// Methods implements Answering.
func (a *AddCard) Methods() []string { return answeringMethods }

// CardUses implements CardUser.
func (a *AddCard) CardUses() []plugin.CardUse {
	return a.cards.uses(func(rule *cardRule) plugin.CardUse {
		return plugin.CardUse{
			Adds: true, Code: rule.sending(code, a.accept), OpenID: rule.sending(openID, a.accept),
			FixedBegin: rule.sending(fixedBegin, a.accept),
		}
	})
}

// ServeAction implements Action.
func (a *AddCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := getScratch()
	defer s.free()
	q := &s.request
	if err := q.read(r, &a.shape); err != nil {
		return err
	}
	ids := q.ids
	if len(ids) == 0 {
		if a.cards.any != nil {
			return invalid("card_id is missing")
		}
		ids = a.cards.listed
	}
	for i, id := range ids {
		rule, err := a.cards.find(id)
		if err != nil {
			return err
		}
		ext, err := a.ext(r, id, rule, q.texts(i))
		if err != nil {
			return err
		}
		if ext.Code != "" && !rule.sets(code) && len(ids) > 1 && len(q.own) == 0 {
			return invalid("code is for one card, not for several")
		}
		s.exts = append(s.exts, ext)
	}
	body, err := account.AddCard(r.Context(), s.answer, s.exts, a.nonce)
	if err != nil {
		return err
	}
	s.answer = body
	answerJSON(w, r, body)
	return nil
}

// ext puts together what is to be signed for a card.
func (a *AddCard) ext(r *http.Request, id string, rule *cardRule, client *texts) (card.Ext, error) {
	ext := card.Ext{CardID: id, NumericTimestamp: a.numeric}
	var err error
	if ext.OuterStr, err = rule.resolve(r, outerStr, client[outerStr], a.accept); err != nil {
		return ext, err
	}
	if ext.Code, err = rule.resolve(r, code, client[code], a.accept); err != nil {
		return ext, err
	}
	if ext.OpenID, err = rule.resolve(r, openID, client[openID], a.accept); err != nil {
		return ext, err
	}
	ext.FixedBeginTimestamp, err = rule.resolve(r, fixedBegin, client[fixedBegin], a.accept)
	return ext, err
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	add_card {
//		card <card_id...>|* {
//			code                 <value>
//			openid               <value>
//			outer_str            <value>
//			fixed_begintimestamp <value>
//		}
//		accept    <field...>|none
//		nonce_str on|off
//		timestamp string|number
//		max_cards <n>
//	}
func (a *AddCard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var cards cardSet
	err := unmarshalSegment(d, subdirectives{
		"card": func() (err error) {
			var rule AddCardRule
			rule.CardID, err = unmarshalCard(d, &cards, map[field]*string{
				code: &rule.Code, openID: &rule.OpenID, outerStr: &rule.OuterStr, fixedBegin: &rule.FixedBeginTimestamp,
			})
			a.Cards = append(a.Cards, rule)
			return err
		},
		"accept":    func() error { return unmarshalAccept(d, &a.Accept, addCardFields) },
		"nonce_str": func() error { return oneOf(d, &a.NonceStr, "on", "off") },
		"timestamp": func() error { return oneOf(d, &a.Timestamp, "string", "number") },
		"max_cards": func() error { return number(d, &a.MaxCards) },
	})
	if err != nil {
		return err
	}
	return checkUnmarshaled(d, &cards, a.MaxCards)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*AddCard)(nil)
	_ Answering             = (*AddCard)(nil)
	_ CardUser              = (*AddCard)(nil)
	_ caddyfile.Unmarshaler = (*AddCard)(nil)
)
