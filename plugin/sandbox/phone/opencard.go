package phone

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
)

func (p *phone) openCard(body []byte) (any, *Refused) {
	var req struct {
		Cards []struct {
			CardID string `json:"cardId"`
			Code   string `json:"code"`
		} `json:"cardList"`
	}
	if err := json.Unmarshal(body, &req); err != nil || len(req.Cards) == 0 {
		return nil, &Refused{TextParameter, "card_list", "want {\"cardList\":[{\"cardId\",\"code\"}]} with strings"}
	}
	for _, item := range req.Cards {
		c, found := p.world.Cards.Find(item.CardID)
		if !found {
			return nil, &Refused{TextParameter, "card_id", "this user has no such card"}
		}
		if len(item.Code) > codes.MaxCode {
			return nil, &Refused{TextParameter, "encrypted_code", "the code is encrypted: wx.openCard takes what /card/code/decrypt makes of it"}
		}
		held, found := p.world.Codes.Find(c, item.Code)
		if found && p.anyone {
			p.user, p.anyone = held.User, false
		}
		switch {
		case !found || held.Card != c:
			return nil, &Refused{TextParameter, "code", "this card was never given out with this code"}
		case held.User != p.user:
			return nil, &Refused{TextParameter, "code", "another user has the card with this code"}
		case held.Status == codes.Deleted || held.Status == codes.Unavailable:
			return nil, &Refused{TextParameter, "status", "the user's card is " + held.Status}
		}
	}
	return struct {
		ErrMsg string `json:"errMsg"`
	}{"openCard:ok"}, nil
}
