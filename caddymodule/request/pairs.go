package request

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// readPairs fills q from a query or a form.
//
// It is stricter than package net/url, which reads on after an error, and costs nothing where nothing is escaped.
// Names that have no meaning are ignored, whatever their values are.
func (q *Cards) readPairs(raw string, sh *Shape, isForm bool) error {
	var seen seen
	var cards numbered
	var seenCardList bool
	for name, value := range queries.Pairs(raw) {
		var err error
		switch {
		case name == "card_id" && sh.Max > 0:
			err = q.readCardIDs(value, sh)
		case name == "cardList" && sh.CardList && isForm:
			if seenCardList {
				return problem.Invalid("cardList %s", field.FaultTwice)
			}
			seenCardList = true
			value, ok := queries.Unescape(value)
			if !ok {
				return problem.Invalid("cardList %s", field.FaultEscape)
			}
			err = q.readCardListString(value, sh)
		default:
			f, ok := sh.named(name)
			if !ok {
				err = q.readBracketed(name, value, sh, &cards)
				break
			}
			value, fault := unescape(value)
			seen.set(&q.Shared, f, name, value, fault)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case len(cards) > 0 && seenCardList:
		return problem.Invalid("cards and cardList exclude each other")
	case len(cards) > 0:
		return q.addNumbered(cards, sh)
	case seenCardList:
		return q.settle("cardList")
	}
	return nil
}

// unescape decodes a value that may turn out not to matter.
func unescape(value string) (string, language.Phrase) {
	value, ok := queries.Unescape(value)
	if !ok {
		return "", field.FaultEscape
	}
	return value, ""
}

// readCardIDs reads a value of card_id: ids separated by commas.
func (q *Cards) readCardIDs(value string, sh *Shape) error {
	if value == "" {
		return problem.Invalid("card_id is empty")
	}
	value, ok := queries.Unescape(value)
	if !ok {
		return problem.Invalid("card_id %s", field.FaultEscape)
	}
	if value[0] == '[' { // as wx.request and Python write arrays into queries and forms
		return problem.Invalid("card_id is not 1 to 64 letters, digits, _ and -; several are card_id=…&card_id=…")
	}
	if !sh.IDList {
		if len(q.IDs) > 0 {
			return problem.Invalid("card_id %s", field.FaultTwice)
		}
		return q.add(sh, value, nil)
	}
	for more := true; more; {
		var id string
		id, value, more = strings.Cut(value, ",")
		if err := q.add(sh, id, nil); err != nil {
			return err
		}
	}
	return nil
}
