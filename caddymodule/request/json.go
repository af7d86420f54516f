package request

import (
	"bytes"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// This file reads JSON requests. encoding/json judges a body as a whole; after that jsonscan finds its way through it.
// Decoding into structs would not do: it ignores the case of names, takes the last of several equal ones and mends what is broken.

// readJSON fills q from a JSON object that is valid UTF-8.
func (q *Cards) readJSON(body []byte, sh *Shape) error {
	if !json.Valid(body) {
		return jsonscan.Broken(body)
	}
	body = bytes.TrimSpace(body)
	if body[0] != '{' {
		return problem.Invalid("the body is no JSON object")
	}
	var seen field.Set
	var list string // which of the lists was there
	var seenCardID bool
	for name, raw := range jsonscan.Members(body) {
		var err error
		switch {
		case name == "card_id" && sh.Max > 0:
			if seenCardID {
				return problem.Invalid("card_id %s", field.FaultTwice)
			}
			seenCardID = true
			err = q.readJSONCardID(raw, sh)
		case name == "cards" && sh.Cards, name == "cardList" && sh.CardList:
			if list == name {
				return problem.Invalid("%s %s", name, field.FaultTwice)
			}
			if list != "" {
				return problem.Invalid("cards and cardList exclude each other")
			}
			list = name
			if len(q.IDs) > 0 {
				return problem.Invalid("card_id and %s exclude each other", name)
			}
			if name == "cards" {
				err = q.readCards(raw, sh)
			} else {
				err = q.readCardList(raw, sh)
			}
		default:
			f, ok := field.Named(name)
			if !ok || !sh.Fields.Has(f) {
				continue
			}
			s, fault := jsonscan.DecodeString(raw)
			q.Shared[f].Set(&seen, f, s, fault)
		}
		if err != nil {
			return err
		}
	}
	if list != "" {
		return q.settle(list)
	}
	return nil
}

// settle deals with what stands beside a list whose cards have their own fields: which of the two was meant is not ours to guess.
func (q *Cards) settle(list string) error {
	if len(q.IDs) != len(q.Own) {
		return problem.Invalid("card_id and %s exclude each other", list)
	}
	beside := language.Phrase("stands beside cards, not in it")
	if list == "cardList" {
		beside = "stands beside cardList, not in it"
	}
	for f := range field.Count {
		if q.Shared[f].Absent() {
			continue
		}
		for i := range q.Own {
			q.Own[i][f] = field.Text{Fault: beside}
		}
	}
	return nil
}

// readJSONCardID reads a string or an array of strings.
func (q *Cards) readJSONCardID(raw []byte, sh *Shape) error {
	if raw[0] == '[' && sh.IDList {
		n := 0
		for element := range jsonscan.Elements(raw) {
			n++
			id, fault := jsonscan.DecodeString(element)
			if fault != "" {
				return problem.Invalid("card_id: an element %s", fault)
			}
			if err := q.add(sh, id, nil); err != nil {
				return err
			}
		}
		if n == 0 {
			return problem.Invalid("card_id is an empty array")
		}
		return nil
	}
	id, fault := jsonscan.DecodeString(raw)
	if fault != "" {
		return problem.Invalid("card_id %s", fault)
	}
	if id == "" {
		return nil
	}
	return q.add(sh, id, nil)
}

// readCards reads an array of objects whose names are all known.
func (q *Cards) readCards(raw []byte, sh *Shape) error {
	if raw[0] != '[' {
		return problem.Invalid("cards is not an array")
	}
	n := 0
	for element := range jsonscan.Elements(raw) {
		n++
		if element[0] != '{' {
			return problem.Invalid("cards: an element is not an object")
		}
		var own field.Texts
		var id string
		var seen field.Set
		var seenID bool
		for name, raw := range jsonscan.Members(element) {
			s, fault := jsonscan.DecodeString(raw)
			if name == "card_id" {
				if seenID {
					fault = field.FaultTwice
				}
				if fault != "" {
					return problem.Invalid("card_id %s", fault)
				}
				id, seenID = s, true
				continue
			}
			f, ok := field.Named(name)
			if !ok || !sh.Fields.Has(f) {
				return problem.Invalid("cards: there is no field %s", field.Quote(name))
			}
			own[f].Set(&seen, f, s, fault)
		}
		if id == "" {
			return problem.Invalid("card_id is missing")
		}
		if err := q.add(sh, id, &own); err != nil {
			return err
		}
	}
	if n == 0 {
		return problem.Invalid("cards is an empty array")
	}
	return nil
}
