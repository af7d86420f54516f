// Package choosecard is the action choose_card: the parameters of wx.chooseCard and wx.chooseInvoice, signed.
package choosecard

import (
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/answer"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
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

// ChooseCard answers with the parameters of the JS-SDK's `wx.chooseCard` and `wx.chooseInvoice`, signed, for an H5 page:
// `{"shopId":"…","cardType":"…","cardId":"…","timestamp":"1700000000","nonceStr":"…","signType":"SHA1","cardSign":"…"}`.
//
// A request may have `card_id`, `card_type` and `shop_id`, which choose among the user's cards: in the query of a GET, in a
// JSON object or a form of a POST. Those that it has not are empty in the answer; without any, all the user's cards are shown.
//
// What is signed is good for adding the card, too, with the shop_id or the card_type as its code. So these are refused beside the
// card_id of a card that a `fill` of the account lists, or for which an `add_card` of the account sets code or openid.
type ChooseCard struct {
	// Which cards may be named. What is signed for choosing a card is also good for adding it, so this hands the card out just
	// as add_card does; with `*`, any card to whoever can send a request.
	Cards []cards.List `json:"cards,omitempty"`

	cards cards.Set
	shape request.Shape
	app   *app.App
}

// CaddyModule returns the Caddy module information.
func (ChooseCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".choose_card", New: func() caddy.Module { return new(ChooseCard) }}
}

// Provision compiles the configuration.
func (c *ChooseCard) Provision(ctx caddy.Context) error {
	if err := c.cards.AddLists(c.Cards); err != nil {
		return err
	}
	mod, err := ctx.AppIfConfigured(app.Name)
	if err != nil {
		return fmt.Errorf("choose_card needs the global option wechat_card: %w", err)
	}
	c.app = mod.(*app.App)
	c.shape = request.Shape{Fields: field.SetOf(field.CardType, field.ShopID), Max: 1}
	return c.cards.CheckNotEmpty()
}

// Needs implements Action.
func (c *ChooseCard) Needs() []credential.Kind { return []credential.Kind{credential.APITicket} }

// Methods implements Answering.
func (c *ChooseCard) Methods() []string { return answer.Methods }

// CardUses implements CardUser.
func (c *ChooseCard) CardUses() []doctor.CardUse {
	return c.cards.Uses(func(*cards.Rule) doctor.CardUse { return doctor.CardUse{Chooses: true} })
}

// PassesNothingOn implements Last.
func (c *ChooseCard) PassesNothingOn() {}

// ServeAction implements Action.
func (c *ChooseCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := answer.GetScratch()
	defer s.Free()
	q := &s.Request
	if err := q.Read(r, &c.shape); err != nil {
		return err
	}
	var filter card.Choose
	var err error
	if len(q.IDs) > 0 {
		filter.CardID = q.IDs[0]
		if _, err = c.cards.Find(filter.CardID); err != nil {
			return err
		}
	}
	if filter.CardType, err = q.Shared[field.CardType].Optional(field.CardType); err != nil {
		return err
	}
	if filter.ShopID, err = q.Shared[field.ShopID].Optional(field.ShopID); err != nil {
		return err
	}
	if filter.CardID != "" && (filter.ShopID != "" || filter.CardType != "") && c.app.Decides(account, filter.CardID) {
		return problem.Invalid("card_id excludes shop_id and card_type here: with them the signature would add card %s with a code of the client's choice",
			filter.CardID)
	}
	body, err := account.ChooseCard(r.Context(), s.Body, filter)
	if err != nil {
		return err
	}
	s.Body = body
	answer.JSON(w, r, body)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	choose_card [<card_id...>|*] {
//		card <card_id...>|*
//	}
func (c *ChooseCard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		words.Arguments: func() error { return cards.UnmarshalIDList(d, &seen, &c.Cards) },
		"card":          func() error { return cards.UnmarshalList(d, &seen, &c.Cards) },
	})
	if err != nil {
		return err
	}
	return words.Located(d, seen.CheckNotEmpty())
}

// Interface guards
var (
	_ caddy.Provisioner     = (*ChooseCard)(nil)
	_ action.Answering      = (*ChooseCard)(nil)
	_ action.Last           = (*ChooseCard)(nil)
	_ action.CardUser       = (*ChooseCard)(nil)
	_ caddyfile.Unmarshaler = (*ChooseCard)(nil)
)
