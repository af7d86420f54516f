package sandbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

const maxCardList = 100

// cardExt is what the client reads out of a cardExt.
type cardExt struct {
	code, openID, timestamp, nonce, balance string // signed
	outerStr, fixedBegin                    string // not signed
	signature                               string
}

// grant is a card that passed all checks and waits for the rest of the list.
type grant struct {
	card   *card
	cardID string
	raw    string
	ext    cardExt
}

// addCard is wx.addCard: all cards of the list, or none.
func (s *Sandbox) addCard(p *phone, body []byte) (any, *refused) {
	var req struct {
		Cards []struct {
			CardID  string          `json:"cardId"`
			CardExt json.RawMessage `json:"cardExt"`
		} `json:"cardList"`
	}
	if err := json.Unmarshal(body, &req); err != nil || len(req.Cards) == 0 || len(req.Cards) > maxCardList {
		return nil, &refused{textParameter, "card_list", `want {"cardList":[{"cardId","cardExt"}]}`}
	}
	var grants []grant
	for i, item := range req.Cards {
		g, no := s.checkCard(p, item.CardID, item.CardExt, grants)
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
	}{ErrMsg: "addCard:ok"}
	for _, g := range grants {
		if g.ext.nonce != "" {
			s.nonces.Add(g.nonceKey(), struct{}{})
		}
		held := s.handOut(p, g.card, g.ext.code)
		answer.Cards = append(answer.Cards, added{s.EncryptCode(g.card.app, held.code), g.cardID, g.raw, true})
	}
	return answer, nil
}

func (g *grant) nonceKey() string { return g.cardID + " " + g.ext.timestamp + " " + g.ext.nonce }

// checkCard checks one entry of a cardList; before are the entries that passed already.
func (s *Sandbox) checkCard(p *phone, cardID string, raw json.RawMessage, before []grant) (*grant, *refused) {
	g := &grant{cardID: cardID}
	var no *refused
	if g.raw, g.ext, no = readCardExt(raw); no != nil {
		return nil, no
	}

	c, found := s.cards.Get(cardID)
	if !found && !s.springs(cardID) || found && c.status == statusDeleted {
		return nil, &refused{textParameter, "card_id", "no such card"}
	}
	owner := ""
	if found {
		owner = c.app
	}
	signer, no := s.verify(p, owner, cardID, &g.ext)
	if no != nil {
		return nil, no
	}
	if !found {
		c = s.spring(signer, cardID)
	}
	g.card = c

	if no := s.checkParameters(p, g); no != nil {
		return nil, no
	}
	same := 1
	for _, b := range before {
		if b.card == c {
			same++
		}
		if g.ext.nonce != "" && b.nonceKey() == g.nonceKey() {
			return nil, &refused{textSoldOut, "nonce_reused", "another entry of this list has the same nonce_str and timestamp"}
		}
		if b.card == c && c.customCode() && b.ext.code == g.ext.code {
			return nil, &refused{textSoldOut, "code_used", "another entry of this list has the same code"}
		}
	}
	if no := s.mayHave(p, c, same); no != nil {
		return nil, no
	}
	if g.ext.nonce != "" && s.nonces.Contains(g.nonceKey()) {
		return nil, &refused{textSoldOut, "nonce_reused", "this card was already added with this nonce_str and timestamp: a cardExt is good once"}
	}
	return g, nil
}

// checkParameters checks that what was sent suits the card.
func (s *Sandbox) checkParameters(p *phone, g *grant) *refused {
	c, e := g.card, &g.ext
	switch {
	case c.customCode() && e.code == "":
		return &refused{textParameter, "code", "a custom-code card needs a code"}
	case c.deposit() && e.code != "":
		return &refused{textParameter, "code", "a card of imported codes takes no code: WeChat hands one out"}
	case !c.BaseInfo.UseCustomCode && e.code != "":
		return &refused{textParameter, "code", "a card of WeChat's own codes takes no code"}
	case e.code != "" && !isCode(e.code):
		return &refused{textParameter, "code", "a code has at most 20 characters, letters and digits"}
	case e.code != "" && s.codes.Contains(c.key(e.code)):
		return &refused{textSoldOut, "code_used", "this code was already handed out"}
	case c.BaseInfo.BindOpenID && e.openID == "":
		return &refused{textParameter, "openid", "a bind_openid card needs the user's openid"}
	case !c.BaseInfo.BindOpenID && !c.sprung && e.openID != "":
		return &refused{textParameter, "openid", "a card without bind_openid takes no openid"}
	case e.openID != "" && !s.is(p, e.openID):
		return &refused{textParameter, "openid", "the openid is not that of the phone's user in this mini program"}
	}
	return nil
}

// readCardExt reads a cardExt as it stands in a cardList.
func readCardExt(raw json.RawMessage) (text string, e cardExt, no *refused) {
	if json.Unmarshal(raw, &text) != nil || text == "" {
		return "", e, &refused{textSignature, "card_ext", "cardExt must be a string that holds JSON"}
	}
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&fields) != nil || fields == nil || d.More() {
		return "", e, &refused{textParameter, "card_ext", "cardExt holds no JSON object"}
	}
	for name, to := range map[string]*string{
		"code": &e.code, "openid": &e.openID, "timestamp": &e.timestamp, "nonce_str": &e.nonce, "balance": &e.balance,
		"outer_str": &e.outerStr, "fixed_begintimestamp": &e.fixedBegin, "signature": &e.signature,
	} {
		switch v := fields[name].(type) {
		case string:
			*to = v
		case json.Number:
			if name != "timestamp" && name != "fixed_begintimestamp" && name != "balance" {
				return "", e, &refused{textParameter, name, name + " must be a string"}
			}
			*to = v.String()
		default:
			if _, sent := fields[name]; sent {
				return "", e, &refused{textParameter, name, name + " must be a string"}
			}
		}
	}
	switch {
	case e.signature == "":
		return "", e, &refused{textSignature, "signature", "there is no signature"}
	case !isDigits(e.timestamp):
		return "", e, &refused{textParameter, "timestamp", "timestamp must be the seconds since 1970"}
	case len(e.timestamp) > 11:
		return "", e, &refused{textSignature, "timestamp", "timestamp is in milliseconds; WeChat wants seconds"}
	case e.fixedBegin != "" && !isDigits(e.fixedBegin):
		return "", e, &refused{textParameter, "fixed_begintimestamp", "fixed_begintimestamp must be the seconds since 1970"}
	case e.nonce != "" && (len(e.nonce) > 32 || strings.ContainsFunc(e.nonce, func(r rune) bool { return r > 127 || !isAlphanumeric(byte(r)) })):
		return "", e, &refused{textParameter, "nonce_str", "nonce_str has at most 32 letters and digits"}
	}
	return text, e, nil
}

func isDigits(text string) bool {
	_, err := strconv.ParseUint(text, 10, 64)
	return err == nil && text[0] != '+'
}
