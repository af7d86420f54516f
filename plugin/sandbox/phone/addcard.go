package phone

import (
	"encoding/json"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
)

const maxCardList = 100

// grant is a card that passed all checks and waits for the rest of the list.
type grant struct {
	card   *cards.Card
	cardID string
	raw    string
	ext    cardExt
}

// addCard is wx.addCard: all cards of the list, or none. Of several member cards it gives the first, as WeChat does since
// 2021-01-20. What WeChat tells of the others is not known; here they have isSuccess false, and the reason stands beside the
// list.
func (p *phone) addCard(body []byte) (any, *Refused) {
	var req struct {
		Cards []struct {
			CardID  string          `json:"cardId"`
			CardExt json.RawMessage `json:"cardExt"`
		} `json:"cardList"`
	}
	if err := json.Unmarshal(body, &req); err != nil || len(req.Cards) == 0 || len(req.Cards) > maxCardList {
		return nil, &Refused{TextParameter, "card_list", `want {"cardList":[{"cardId","cardExt"}]}`}
	}
	var grants []grant
	for i, item := range req.Cards {
		g, no := p.checkCard(item.CardID, item.CardExt, grants)
		if no != nil {
			no.Detail = fmt.Sprintf("cardList[%d]: %s", i, no.Detail)
			return nil, no
		}
		grants = append(grants, *g)
	}

	type added struct {
		Code      string `json:"code"`
		CardID    string `json:"cardId"`
		CardExt   string `json:"cardExt"`
		IsSuccess bool   `json:"isSuccess"`
	}
	answer := struct {
		ErrMsg string  `json:"errMsg"`
		Cards  []added `json:"cardList"`
		Reason string  `json:"reason,omitempty"`
		Detail string  `json:"detail,omitempty"`
	}{ErrMsg: "addCard:ok"}
	members := 0
	for i, g := range grants {
		if g.card.Type == cards.MemberCard {
			members++
		}
		if g.card.Type == cards.MemberCard && members > 1 {
			answer.Cards = append(answer.Cards, added{CardID: g.cardID, CardExt: g.raw})
			if answer.Reason != "" {
				continue
			}
			answer.Reason = "one_member_card"
			answer.Detail = fmt.Sprintf("cardList[%d]: wx.addCard gives at most one member card a call, since 2021-01-20; ask for each one in a call of its own", i)
			continue
		}
		if g.ext.nonce != "" {
			p.world.Nonces.Add(g.nonceKey(), struct{}{})
		}
		held := p.world.Codes.HandOut(g.card, g.ext.code, p.user, p.now)
		answer.Cards = append(answer.Cards, added{p.world.Seal.EncryptCode(g.card.App, held.Code), g.cardID, g.raw, true})
	}
	return answer, nil
}

func (g *grant) nonceKey() string { return g.cardID + " " + g.ext.timestamp + " " + g.ext.nonce }

// checkCard checks one entry of a cardList; before are the entries that passed already.
func (p *phone) checkCard(cardID string, raw json.RawMessage, before []grant) (*grant, *Refused) {
	g := &grant{cardID: cardID}
	var no *Refused
	if g.raw, g.ext, no = readCardExt(raw); no != nil {
		return nil, no
	}

	c, found := p.world.Cards.Find(cardID)
	if !found && !p.world.Cards.Springs(cardID) || found && c.Status == cards.Deleted {
		return nil, &Refused{TextParameter, "card_id", "no such card"}
	}
	owner := ""
	if found {
		owner = c.App
	}
	signer, no := p.verify(owner, cardID, &g.ext)
	if no != nil {
		return nil, no
	}
	if !found {
		c = p.world.Cards.Spring(signer, cardID)
	}
	g.card = c

	if no := p.checkParameters(g); no != nil {
		return nil, no
	}
	same := 1
	for _, b := range before {
		if b.card == c && c.Type != cards.MemberCard { // of which no second one is given
			same++
		}
		if g.ext.nonce != "" && b.nonceKey() == g.nonceKey() {
			return nil, &Refused{TextSoldOut, "nonce_reused", "another entry of this list has the same nonce_str and timestamp"}
		}
		if b.card == c && c.CustomCode() && b.ext.code == g.ext.code {
			return nil, &Refused{TextSoldOut, "code_used", "another entry of this list has the same code"}
		}
	}
	if no := p.mayHave(c, same); no != nil {
		return nil, no
	}
	if g.ext.nonce != "" && p.world.Nonces.Contains(g.nonceKey()) {
		return nil, &Refused{TextSoldOut, "nonce_reused", "this card was already added with this nonce_str and timestamp: a cardExt is good once"}
	}
	return g, nil
}

// checkParameters checks that what was sent suits the card.
func (p *phone) checkParameters(g *grant) *Refused {
	c, e := g.card, &g.ext
	switch {
	case c.CustomCode() && e.code == "":
		return &Refused{TextParameter, "code", "a custom-code card needs a code"}
	case c.Deposit() && e.code != "":
		return &Refused{TextParameter, "code", "a card of imported codes takes no code: WeChat hands one out"}
	case !c.BaseInfo.UseCustomCode && e.code != "":
		return &Refused{TextParameter, "code", "a card of WeChat's own codes takes no code"}
	case e.code != "" && !codes.IsCode(e.code):
		return &Refused{TextParameter, "code", "a code has at most 20 characters, letters and digits"}
	case e.code != "" && p.world.Codes.Contains(c, e.code):
		return &Refused{TextSoldOut, "code_used", "this code was already handed out"}
	case c.BaseInfo.BindOpenID && e.openID == "":
		return &Refused{TextParameter, "openid", "a bind_openid card needs the user's openid"}
	case !c.BaseInfo.BindOpenID && !c.Sprung && e.openID != "":
		return &Refused{TextParameter, "openid", "a card without bind_openid takes no openid"}
	case e.openID != "" && !p.is(e.openID):
		return &Refused{TextParameter, "openid", "the openid is not that of the phone's user in this mini program"}
	}
	return nil
}
