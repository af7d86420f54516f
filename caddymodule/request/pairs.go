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
	var seen field.Set
	var seenCardList bool
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, ok := queries.Unescape(name)
		if !ok {
			continue
		}
		var err error
		switch {
		case name == "card_id" && sh.Max > 0:
			err = q.readCardIDs(value, sh)
		case name == "cardList" && sh.CardList && isForm:
			if seenCardList {
				return problem.Invalid("cardList %s", field.FaultTwice)
			}
			seenCardList = true
			value, ok = queries.Unescape(value)
			if !ok {
				return problem.Invalid("cardList %s", field.FaultEscape)
			}
			err = q.readCardListString(value, sh)
		default:
			f, ok := field.Named(name)
			if !ok || !sh.Fields.Has(f) {
				continue
			}
			value, ok = queries.Unescape(value)
			fault := language.Phrase("")
			if !ok {
				fault = field.FaultEscape
			}
			q.Shared[f].Set(&seen, f, value, fault)
		}
		if err != nil {
			return err
		}
	}
	if seenCardList {
		return q.settle("cardList")
	}
	return nil
}

// readCardIDs reads a value of card_id: ids separated by commas. An empty one is none.
func (q *Cards) readCardIDs(value string, sh *Shape) error {
	if value == "" {
		return nil
	}
	value, ok := queries.Unescape(value)
	if !ok {
		return problem.Invalid("card_id %s", field.FaultEscape)
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
