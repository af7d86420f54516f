package control

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// putCard is World.PutCard.
func putCard(w *world.World, body []byte) error {
	var req struct {
		AppID  string          `json:"app_id"`
		CardID string          `json:"card_id"`
		Card   json.RawMessage `json:"card"`
	}
	if err := local.Decode(body, &req); err != nil {
		return err
	}
	return w.PutCard(req.AppID, req.CardID, string(req.Card))
}

// review ends the review of a card, or of all that wait.
func review(w *world.World, body []byte) error {
	req := struct {
		CardID string `json:"card_id"`
		Pass   bool   `json:"pass"`
	}{Pass: true}
	if err := local.Decode(body, &req); err != nil {
		return err
	}
	w.Lock()
	defer w.Unlock()
	for _, c := range w.Cards.All() {
		switch {
		case c.Status != cards.InReview || req.CardID != "" && c.ID != req.CardID:
		case req.Pass:
			c.Status = cards.Approved
		default:
			c.Status = cards.Refused
		}
	}
	return nil
}
