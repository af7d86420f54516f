package sandbox

import (
	"encoding/json"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

const (
	maxSearchedApps    = 50
	maxSearchedTickets = 20 // of a kind and app
)

// inspection is what POST /_sandbox/verify answers. Nothing is handed out for it.
type inspection struct {
	verify.Report
	// Phone is what wx.addCard would say, which knows more than signatures: the card, its stock, what was used. Nil: that is
	// not what was sent.
	Phone *refused `json:"phone,omitempty"`
}

// inspect says why the phone refuses what was passed to it, or does not: a verify.Input, whose accounts are app ids.
func (s *Sandbox) inspect(body []byte) (*inspection, error) {
	var in verify.Input
	if err := decodeControl(body, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	known := s.known()
	phone := s.tryAddCard(in.Value)
	s.mu.Unlock()
	return &inspection{verify.Check(in, known), phone}, nil
}

// known is what signatures are compared with: all tickets that the sandbox remembers, up to a bound.
func (s *Sandbox) known() verify.Known {
	known := verify.Known{Now: s.now()}
	apps := s.apps.Values()
	for _, a := range apps[max(0, len(apps)-maxSearchedApps):] {
		tickets := func(kind string) (list []verify.Ticket) {
			all := a.tickets[kind]
			for _, t := range slices.Backward(all[max(0, len(all)-maxSearchedTickets):]) {
				list = append(list, verify.Ticket{Text: t.text, Ends: t.expires})
			}
			return list
		}
		known.Accounts = append(known.Accounts, verify.Account{
			Name: a.id, AppID: a.id, APITickets: tickets(cardTicket), JSAPITickets: tickets(jsapiTicket),
		})
	}
	owners := make(map[string]string)
	for _, c := range s.cards.Values() {
		owners[c.id] = c.app
	}
	known.Owner = func(cardID string) string { return owners[cardID] }
	return known
}

// tryAddCard says what wx.addCard would say to a value, without doing it.
func (s *Sandbox) tryAddCard(value json.RawMessage) *refused {
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
	if !s.cards.Contains(item.CardID) && s.springs(item.CardID) {
		defer s.cards.Remove(item.CardID) // what springs up for the trial
	}
	p := &phone{now: s.now(), user: demoUser, anyone: true}
	if _, no := s.checkCard(p, item.CardID, item.CardExt, nil); no != nil {
		no.ErrMsg = "addCard:fail " + no.ErrMsg
		return no
	}
	return &refused{ErrMsg: "addCard:ok"}
}
