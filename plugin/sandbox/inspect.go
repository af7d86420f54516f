package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// inspection is what POST /_sandbox/verify answers: what the phone would say to a cardExt, and how its signature comes about.
// Nothing is handed out.
type inspection struct {
	Good   bool   `json:"good"`
	Used   bool   `json:"used"` // it was good, and was used: a cardExt works once
	ErrMsg string `json:"errMsg"`
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	// The rest is missing when there is no api_ticket to sign with, or nothing that could be signed.
	AppID    string        `json:"app_id,omitempty"`
	Values   []signedValue `json:"values,omitempty"`   // sorted, as they are joined
	Expected string        `json:"expected,omitempty"` // the right signature
	Sent     string        `json:"signature,omitempty"`
}

type signedValue struct {
	Name  string `json:"name"`
	Value string `json:"value"` // of the ticket: masked
}

// inspect looks at one entry of a cardList: {"cardId","cardExt"}.
func (s *Sandbox) inspect(body []byte) (*inspection, error) {
	var req struct {
		CardID  string          `json:"cardId"`
		CardExt json.RawMessage `json:"cardExt"`
	}
	if err := decodeControl(body, &req); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &inspection{}
	g, no := s.inspectCard(req.CardID, req.CardExt, in)
	switch {
	case no != nil:
		in.ErrMsg, in.Reason, in.Detail = "addCard:fail "+no.ErrMsg, no.Reason, no.Detail
	default:
		in.Good, in.ErrMsg = true, "addCard:ok"
		in.Used = g.ext.nonce != "" && s.nonces.Contains(g.nonceKey())
	}
	return in, nil
}

func (s *Sandbox) inspectCard(cardID string, raw json.RawMessage, in *inspection) (*grant, *refused) {
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
	p := &phone{now: s.now(), user: demoUser, anyone: true}
	signer, no := s.verify(p, owner, cardID, &g.ext)
	s.explain(in, cmp.Or(owner, signer), cardID, &g.ext, p.now)
	if no == nil && found {
		g.card = c
		if no = s.checkParameters(p, g); no != nil && no.Reason == "code_used" {
			no = nil // by this very cardExt, as far as one can tell
		}
	}
	return g, no
}

// explain puts down how the signature of e comes about: with the ticket that gives it, else with the newest.
func (s *Sandbox) explain(in *inspection, appID, cardID string, e *cardExt, now time.Time) {
	values := []signedValue{
		{"card_id", cardID}, {"timestamp", e.timestamp}, {"code", e.code}, {"openid", e.openID}, {"nonce_str", e.nonce}, {"balance", e.balance},
	}
	values = slices.DeleteFunc(values, func(v signedValue) bool { return v.Value == "" })
	var ticket string
	for _, a := range s.apps.Values() {
		if appID != "" && a.id != appID {
			continue
		}
		for _, t := range a.tickets[cardTicket] {
			texts := []string{t.text}
			for _, v := range values {
				texts = append(texts, v.Value)
			}
			sum := signature(texts...)
			if t.live(now) && in.Expected != e.signature || sum == e.signature {
				in.AppID, in.Expected, ticket = a.id, sum, t.text
			}
		}
	}
	in.Sent = e.signature
	if ticket == "" {
		return
	}
	in.Values = append(values, signedValue{"api_ticket", ticket})
	slices.SortStableFunc(in.Values, func(a, b signedValue) int { return strings.Compare(a.Value, b.Value) })
	for i := range in.Values {
		if in.Values[i].Name == "api_ticket" {
			in.Values[i].Value = mask(ticket)
		}
	}
}
