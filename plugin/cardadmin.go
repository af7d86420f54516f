package plugin

import (
	"context"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Card gives a card's data (POST /card/get): as WeChat wrote it, and read.
func (a *Account) Card(ctx context.Context, cardID string) (raw json.RawMessage, c cards.Card, err error) {
	err = a.Call(ctx, func(token string) (err error) {
		raw, err = a.cfg.Client.Card(ctx, token, cardID)
		return err
	})
	if err != nil {
		return nil, c, err
	}
	if c, err = cards.Parse(raw); err != nil {
		return raw, c, &wechat.Error{API: "card_get", Err: err}
	}
	return raw, c, nil
}

// CreateCard makes a card (POST /card/create); request is the whole body.
func (a *Account) CreateCard(ctx context.Context, request json.RawMessage) (cardID string, err error) {
	err = a.Call(ctx, func(token string) (err error) {
		cardID, err = a.cfg.Client.CreateCard(ctx, token, request)
		return err
	})
	return cardID, err
}

// UpdateCard changes a card (POST /card/update); request is the whole body. inReview says that the card has to be passed by
// WeChat again, and that nobody can get it until then.
func (a *Account) UpdateCard(ctx context.Context, request json.RawMessage) (inReview bool, err error) {
	err = a.Call(ctx, func(token string) (err error) {
		inReview, err = a.cfg.Client.UpdateCard(ctx, token, request)
		return err
	})
	return inReview, err
}

// SetActivateForm sets what users fill in to get a member card (POST /card/membercard/activateuserform/set); request is the
// whole body.
func (a *Account) SetActivateForm(ctx context.Context, request json.RawMessage) error {
	return a.Call(ctx, func(token string) error { return a.cfg.Client.SetActivateForm(ctx, token, request) })
}

// SetTestWhitelist lets users have cards that are not approved yet (POST /card/testwhitelist/set), ten at the most.
func (a *Account) SetTestWhitelist(ctx context.Context, openIDs, userNames []string) error {
	return a.Call(ctx, func(token string) error {
		return a.cfg.Client.SetTestWhitelist(ctx, token, openIDs, userNames)
	})
}

// Colours gives the colours that cards can have: those of the account (GET /card/getcolors) before the documented ones. It
// does without the former when WeChat does not tell.
func (a *Account) Colours(ctx context.Context) cards.Colours {
	colours := cards.Documented()
	var own []wechat.Color
	_ = a.Call(ctx, func(token string) (err error) {
		own, err = a.cfg.Client.Colors(ctx, token)
		return err
	})
	for _, c := range own {
		if c.Name != "" && c.Value != "" {
			colours[c.Name] = c.Value
		}
	}
	return colours
}
