// Package cardadmin reads, makes and changes an account's cards, for the commands that do so.
package cardadmin

import (
	"context"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Caller makes calls with the account's access_token.
type Caller interface {
	Call(ctx context.Context, call func(token string) error) error
}

// Cards is the cards of one account.
type Cards struct {
	caller Caller
	client *wechat.Client
}

// New makes Cards from what makes calls and the client to make them of.
func New(caller Caller, client *wechat.Client) *Cards { return &Cards{caller, client} }

// Card gives a card's data (POST /card/get): as WeChat wrote it, and read.
func (c *Cards) Card(ctx context.Context, cardID string) (raw json.RawMessage, card cards.Card, err error) {
	err = c.caller.Call(ctx, func(token string) (err error) {
		raw, err = c.client.Card(ctx, token, cardID)
		return err
	})
	if err != nil {
		return nil, card, err
	}
	if card, err = cards.Parse(raw); err != nil {
		return raw, card, &wechat.Error{API: "card_get", Err: err}
	}
	return raw, card, nil
}

// CreateCard makes a card (POST /card/create); request is the whole body.
func (c *Cards) CreateCard(ctx context.Context, request json.RawMessage) (cardID string, err error) {
	err = c.caller.Call(ctx, func(token string) (err error) {
		cardID, err = c.client.CreateCard(ctx, token, request)
		return err
	})
	return cardID, err
}

// UpdateCard changes a card (POST /card/update); request is the whole body. inReview says that the card has to be passed by
// WeChat again, and that nobody can get it until then.
func (c *Cards) UpdateCard(ctx context.Context, request json.RawMessage) (inReview bool, err error) {
	err = c.caller.Call(ctx, func(token string) (err error) {
		inReview, err = c.client.UpdateCard(ctx, token, request)
		return err
	})
	return inReview, err
}

// SetActivateForm sets what users fill in to get a member card (POST /card/membercard/activateuserform/set); request is the
// whole body.
func (c *Cards) SetActivateForm(ctx context.Context, request json.RawMessage) error {
	return c.caller.Call(ctx, func(token string) error { return c.client.SetActivateForm(ctx, token, request) })
}

// SetTestWhitelist lets users have cards that are not approved yet (POST /card/testwhitelist/set), ten at the most.
func (c *Cards) SetTestWhitelist(ctx context.Context, openIDs, userNames []string) error {
	return c.caller.Call(ctx, func(token string) error {
		return c.client.SetTestWhitelist(ctx, token, openIDs, userNames)
	})
}

// Colours gives the colours that cards can have: those of the account (GET /card/getcolors) before the documented ones. It
// does without the former when WeChat does not tell.
func (c *Cards) Colours(ctx context.Context) cards.Colours {
	colours := cards.Documented()
	var own []wechat.Color
	_ = c.caller.Call(ctx, func(token string) (err error) {
		own, err = c.client.Colors(ctx, token)
		return err
	})
	for _, o := range own {
		if o.Name != "" && o.Value != "" {
			colours[o.Name] = o.Value
		}
	}
	return colours
}
