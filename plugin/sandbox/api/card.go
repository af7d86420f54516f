package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// A new card passes its review at once here, unless its base_info.status says something else. An update of a field that
// WeChat reviews (send_check true) puts the card in review until POST /_sandbox/review.

func createCard(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Card cards.Request `json:"card"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := cards.New(c.app.ID, "p"+secret.Text(21)[:27], req.Card, c.now)
	if err != nil {
		return nil, err
	}
	c.world.Cards.Add(made)
	return struct {
		wire.Status
		CardID string `json:"card_id"`
	}{wire.OK, made.ID}, nil
}

func updateCard(c *call) (any, error) {
	req, err := wire.Decode[map[string]json.RawMessage](c.body)
	if err != nil {
		return nil, err
	}
	var id string
	if raw, found := req["card_id"]; found && json.Unmarshal(raw, &id) != nil {
		return nil, wire.ErrBadJSON
	}
	made, err := c.world.Cards.Of(c.app.ID, id)
	if err != nil {
		return nil, err
	}
	raw, found := req[strings.ToLower(made.Type)]
	if !found {
		return nil, wire.ErrBadCardType
	}
	var change map[string]any
	if json.Unmarshal(raw, &change) != nil || change == nil {
		return nil, wire.ErrBadJSON
	}
	check, err := made.Update(change, c.now)
	if err != nil {
		return nil, err
	}
	return struct {
		wire.Status
		SendCheck bool `json:"send_check"`
	}{wire.OK, check}, nil
}

func getCard(c *call) (any, error) {
	req, err := wire.Decode[cardIDRequest](c.body)
	if err != nil {
		return nil, err
	}
	made, err := c.world.Cards.Of(c.app.ID, req.CardID)
	if err != nil {
		return nil, err
	}
	return struct {
		wire.Status
		Card map[string]any `json:"card"`
	}{wire.OK, made.View()}, nil
}

func batchGetCards(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Offset     int      `json:"offset"`
		Count      int      `json:"count"`
		StatusList []string `json:"status_list"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.Offset < 0 || req.Count < 1 || req.Count > 50 {
		return nil, wire.ErrBadArgs
	}
	ids := []string{}
	for _, made := range c.world.Cards.All() {
		wanted := len(req.StatusList) == 0 && made.Status != cards.Deleted || slices.Contains(req.StatusList, made.Status)
		if made.App == c.app.ID && wanted {
			ids = append(ids, made.ID)
		}
	}
	slices.Sort(ids)
	from := min(req.Offset, len(ids))
	return struct {
		wire.Status
		IDs   []string `json:"card_id_list"`
		Total int      `json:"total_num"`
	}{wire.OK, ids[from:min(from+req.Count, len(ids))], len(ids)}, nil
}

func modifyStock(c *call) (any, error) {
	req, err := wire.Decode[struct {
		CardID   string `json:"card_id"`
		Increase int    `json:"increase_stock_value"`
		Reduce   int    `json:"reduce_stock_value"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := c.world.Cards.Of(c.app.ID, req.CardID)
	if err != nil {
		return nil, err
	}
	by := req.Increase - req.Reduce
	if req.Increase < 0 || req.Reduce < 0 || req.Increase > 100_000_000 || made.Quantity+by < 0 || made.Quantity+by > 100_000_000 {
		return nil, wire.ErrBadQuantity
	}
	made.Quantity += by
	made.Total += by
	return wire.OK, nil
}

func deleteCard(c *call) (any, error) {
	req, err := wire.Decode[cardIDRequest](c.body)
	if err != nil {
		return nil, err
	}
	made, err := c.world.Cards.Of(c.app.ID, req.CardID)
	if err != nil {
		return nil, err
	}
	made.Status = cards.Deleted
	return wire.OK, nil
}
