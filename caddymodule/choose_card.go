package caddymodule

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ChooseCard answers with the parameters of the JS-SDK's `wx.chooseCard` and `wx.chooseInvoice`, signed, for an H5 page:
// `{"shopId":"…","cardType":"…","cardId":"…","timestamp":"1700000000","nonceStr":"…","signType":"SHA1","cardSign":"…"}`.
//
// A request may have `card_id`, `card_type` and `shop_id`, which choose among the user's cards: in the query of a GET, in a
// JSON object or a form of a POST. Those that it has not are empty in the answer; without any, all the user's cards are shown.
type ChooseCard struct {
	// Which cards may be named. What is signed for choosing a card is also good for adding it, so this hands the card out just
	// as add_card does; with `*`, any card to whoever can send a request.
	Cards []CardList `json:"cards,omitempty"`

	cards cardSet
	shape shape
}

// CaddyModule returns the Caddy module information.
func (ChooseCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: actionNamespace + ".choose_card", New: func() caddy.Module { return new(ChooseCard) }}
}

// Provision compiles the configuration.
func (c *ChooseCard) Provision(caddy.Context) error {
	if err := c.cards.addLists(c.Cards); err != nil {
		return err
	}
	c.shape = shape{fields: fieldsOf(cardType, shopID), max: 1}
	return c.cards.checkNotEmpty()
}

// Needs implements Action.
func (c *ChooseCard) Needs() []credential.Kind { return []credential.Kind{credential.APITicket} }

// Methods implements Answering.
func (c *ChooseCard) Methods() []string { return answeringMethods }

// CardUses implements CardUser.
func (c *ChooseCard) CardUses() []plugin.CardUse { return c.cards.uses(onlyNamed) }

// ServeAction implements Action.
func (c *ChooseCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := getScratch()
	defer s.free()
	q := &s.request
	if err := q.read(r, &c.shape); err != nil {
		return err
	}
	var filter card.Choose
	var err error
	if len(q.ids) > 0 {
		filter.CardID = q.ids[0]
		if _, err = c.cards.find(filter.CardID); err != nil {
			return err
		}
	}
	if filter.CardType, err = q.shared[cardType].optional(cardType); err != nil {
		return err
	}
	if filter.ShopID, err = q.shared[shopID].optional(shopID); err != nil {
		return err
	}
	body, err := account.ChooseCard(r.Context(), s.answer, filter)
	if err != nil {
		return err
	}
	s.answer = body
	answerJSON(w, r, body)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	choose_card {
//		card <card_id...>|*
//	}
func (c *ChooseCard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var cards cardSet
	err := unmarshalSegment(d, subdirectives{
		"card": func() error { return unmarshalCardList(d, &cards, &c.Cards) },
	})
	if err != nil {
		return err
	}
	return located(d, cards.checkNotEmpty())
}

// Interface guards
var (
	_ caddy.Provisioner     = (*ChooseCard)(nil)
	_ Answering             = (*ChooseCard)(nil)
	_ CardUser              = (*ChooseCard)(nil)
	_ caddyfile.Unmarshaler = (*ChooseCard)(nil)
)
