package phone

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// TryAddCard says what wx.addCard would say to a value, without doing it; nil if the value is none of wx.addCard's. The
// world is locked.
func TryAddCard(w *world.World, value json.RawMessage) *Refused {
	var list struct {
		Cards []json.RawMessage `json:"cardList"`
	}
	if json.Unmarshal(value, &list) == nil && len(list.Cards) > 0 {
		value = list.Cards[0]
	}
	var item struct {
		CardID  string          `json:"cardId"`
		CardExt json.RawMessage `json:"cardExt"`
	}
	if json.Unmarshal(value, &item) != nil || item.CardID == "" || item.CardExt == nil {
		return nil
	}
	if !w.Cards.Contains(item.CardID) && w.Cards.Springs(item.CardID) {
		defer w.Cards.Remove(item.CardID) // what springs up for the trial
	}
	p := &phone{world: w, now: w.Now(), user: users.Demo, anyone: true}
	if _, no := p.checkCard(item.CardID, item.CardExt, nil); no != nil {
		no.ErrMsg = "addCard:fail " + no.ErrMsg
		return no
	}
	return &Refused{ErrMsg: "addCard:ok"}
}
