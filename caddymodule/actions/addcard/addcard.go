// Package addcard is the action add_card: the parameters of wx.addCard, signed.
package addcard

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/answer"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// AddCard answers with the parameters of `wx.addCard`, signed: `{"cardList":[{"cardId":"…","cardExt":"…"}]}`,
// to be passed on as they are.
//
// A GET names the cards with `card_id` (repeated, or separated by commas), and fields that then hold for all of them.
// A POST does the same with a JSON object or a form, or has `{"cards":[{"card_id":"…","outer_str":"…"}]}` with fields for each card.
// Queries and forms may have brackets, as PHP and jQuery write them: `card_id[]=…`, `cards[0][card_id]=…`.
// Without any card the answer holds all that are listed by their ids. Names that nearly are these are refused.
type AddCard struct {
	// Which cards this hands out, and what goes with them. A card's own block beats that of `*`.
	Cards []AddCardRule `json:"cards,omitempty"`

	// The fields that clients may send themselves, of `outer_str`, `code`, `openid` and `fixed_begintimestamp`; or `none`.
	// `code` and `openid` exclude each other, unless one of them is configured for each card. Default: `["outer_str"]`.
	Accept []string `json:"accept,omitempty"`

	// Whether each card gets a random nonce_str, `on` or `off`. It also keeps apart what is signed: without it more requests are
	// refused whose signature would be good for another card, too. Default: on.
	NonceStr string `json:"nonce_str,omitempty"`

	// How the timestamp is written into cardExt: as a `string` or a `number`. Default: string.
	Timestamp string `json:"timestamp,omitempty"`

	// How many cards one request may ask for. Default: 5.
	MaxCards int `json:"max_cards,omitempty"`

	cards   cards.Set
	shape   request.Shape
	accept  field.Set
	nonce   bool
	numeric bool
	audit   *observe.Audit
}

// AddCardRule says what goes with some cards. Values may hold placeholders; if one comes out empty, the request is refused
// with status 403. What is configured here, clients cannot send.
type AddCardRule struct {
	// The ids of the cards; or `*` alone, for all cards of the account: whoever can send a request gets any of them.
	CardID []string `json:"card_id,omitempty"`

	// For cards with custom codes that are not deposited at WeChat. Default: none.
	Code string `json:"code,omitempty"`

	// For cards that are bound to one user (bind_openid): the user's openid in the mini program. A value that is no openid
	// (an `o` and 27 letters, digits, `_` and `-`) refuses the request, with status 403 and reason `value_invalid`. Default: none.
	OpenID string `json:"openid,omitempty"`

	// The channel, which comes back in events. It is not signed: users can change it. Default: none.
	OuterStr string `json:"outer_str,omitempty"`

	// When the card begins to be valid, in seconds since 1970, for cards whose validity is counted in days. Default: none.
	FixedBeginTimestamp string `json:"fixed_begintimestamp,omitempty"`
}

// addCardFields are the fields that a cardExt may hold.
var addCardFields = field.SetOf(field.OuterStr, field.Code, field.OpenID, field.FixedBegin)

// CaddyModule returns the Caddy module information.
func (AddCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".add_card", New: func() caddy.Module { return new(AddCard) }}
}

// Provision compiles the configuration.
func (a *AddCard) Provision(ctx caddy.Context) error {
	a.audit = observe.NewAudit(ctx, "add_card")
	for _, rule := range a.Cards {
		err := a.cards.Add(rule.CardID, map[field.Field]string{
			field.Code: rule.Code, field.OpenID: rule.OpenID, field.OuterStr: rule.OuterStr, field.FixedBegin: rule.FixedBeginTimestamp,
		})
		if err != nil {
			return err
		}
	}
	if err := a.cards.CheckNotEmpty(); err != nil {
		return err
	}
	var err error
	if a.accept, err = a.checkAccept(); err != nil {
		return err
	}
	if a.nonce, err = words.OnOff("nonce_str", a.NonceStr); err != nil {
		return err
	}
	switch a.Timestamp {
	case "", "string":
	case "number":
		a.numeric = true
	default:
		return fmt.Errorf("timestamp is string or number, not '%s'", a.Timestamp)
	}
	a.shape = request.Shape{Fields: addCardFields, IDList: true, Cards: true, Answer: true}
	a.shape.Max, err = a.cards.MaxCards(a.MaxCards)
	return err
}

// checkAccept reads which fields clients may send. What is signed are bare values: with two of the client's choice side by side
// it could move the border between them until the signature is good for another card.
func (a *AddCard) checkAccept() (field.Set, error) {
	accept, err := cards.ParseAccept(a.Accept, addCardFields)
	if err != nil || !accept.Has(field.Code) || !accept.Has(field.OpenID) {
		return accept, err
	}
	for _, rule := range a.Cards {
		if rule.Code == "" && rule.OpenID == "" {
			return accept, fmt.Errorf("accept: not both code and openid, unless one of them is configured for each card; for card %s none is",
				strings.Join(rule.CardID, " "))
		}
	}
	return accept, nil
}

// Needs implements Action.
func (a *AddCard) Needs() []credential.Kind { return []credential.Kind{credential.APITicket} }

// Methods implements Answering.
func (a *AddCard) Methods() []string { return answer.Methods }

// CardUses implements CardUser.
func (a *AddCard) CardUses() []doctor.CardUse {
	together := ""
	if a.cards.Any == nil {
		together = strings.Join(a.cards.Listed, " ")
	}
	return a.cards.Uses(func(rule *cards.Rule) doctor.CardUse {
		return doctor.CardUse{
			Adds: true, Code: rule.Sending(field.Code, a.accept), OpenID: rule.Sending(field.OpenID, a.accept),
			FixedBegin: rule.Sending(field.FixedBegin, a.accept), Together: together,
			Decides: rule.Sets(field.Code) || rule.Sets(field.OpenID),
		}
	})
}

// PassesNothingOn implements Last.
func (a *AddCard) PassesNothingOn() {}

// ServeAction implements Action.
func (a *AddCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := answer.GetScratch()
	defer s.Free()
	q := &s.Request
	if err := q.Read(r, &a.shape); err != nil {
		return err
	}
	ids := q.IDs
	if len(ids) == 0 {
		if a.cards.Any != nil {
			return problem.Invalid("card_id is missing")
		}
		ids = a.cards.Listed
	}
	for i, id := range ids {
		rule, err := a.cards.Find(id)
		if err != nil {
			return err
		}
		ext, err := a.ext(r, id, rule, q.Texts(i))
		if err != nil {
			return err
		}
		if ext.Code != "" && !rule.Sets(field.Code) && len(ids) > 1 && len(q.Own) == 0 {
			return problem.Invalid("code is for one card, not for several")
		}
		s.Exts = append(s.Exts, ext)
	}
	body, err := account.AddCard(r.Context(), s.Body, s.Exts, a.nonce)
	if err != nil {
		return err
	}
	s.Body = body
	for i := range s.Exts {
		if s.Exts[i].OpenID != "" {
			a.audit.Write(r, "card signed for one user", account.Name(), s.Exts[i].CardID, observe.ReasonOK)
		}
	}
	answer.JSON(w, r, body)
	return nil
}

// ext puts together what is to be signed for a card.
func (a *AddCard) ext(r *http.Request, id string, rule *cards.Rule, client *field.Texts) (card.Ext, error) {
	ext := card.Ext{CardID: id, NumericTimestamp: a.numeric}
	var err error
	if ext.OuterStr, err = rule.Resolve(r, field.OuterStr, client[field.OuterStr], a.accept); err != nil {
		return ext, err
	}
	if ext.Code, err = rule.Resolve(r, field.Code, client[field.Code], a.accept); err != nil {
		return ext, err
	}
	if ext.OpenID, err = rule.Resolve(r, field.OpenID, client[field.OpenID], a.accept); err != nil {
		return ext, err
	}
	ext.FixedBeginTimestamp, err = rule.Resolve(r, field.FixedBegin, client[field.FixedBegin], a.accept)
	return ext, err
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	add_card [<card_id...>|*] {
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
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		words.Arguments: func() (err error) {
			var rule AddCardRule
			rule.CardID, err = cards.UnmarshalIDs(d, &seen)
			a.Cards = append(a.Cards, rule)
			return err
		},
		"card": func() (err error) {
			var rule AddCardRule
			rule.CardID, err = cards.Unmarshal(d, &seen, map[field.Field]*string{
				field.Code: &rule.Code, field.OpenID: &rule.OpenID, field.OuterStr: &rule.OuterStr, field.FixedBegin: &rule.FixedBeginTimestamp,
			})
			a.Cards = append(a.Cards, rule)
			return err
		},
		"accept":    func() error { return cards.UnmarshalAccept(d, &a.Accept, addCardFields) },
		"nonce_str": func() error { return words.OneOf(d, &a.NonceStr, "on", "off") },
		"timestamp": func() error { return words.OneOf(d, &a.Timestamp, "string", "number") },
		"max_cards": func() error { return words.Number(d, &a.MaxCards) },
	})
	if err != nil {
		return err
	}
	if _, err := a.checkAccept(); err != nil {
		return words.Located(d, err)
	}
	return cards.CheckUnmarshaled(d, &seen, a.MaxCards)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*AddCard)(nil)
	_ action.Answering      = (*AddCard)(nil)
	_ action.Last           = (*AddCard)(nil)
	_ action.CardUser       = (*AddCard)(nil)
	_ caddyfile.Unmarshaler = (*AddCard)(nil)
)
