package request

import (
	"bytes"
	"encoding/json"
	"strings"

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
	var seen seen
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
		case name == "cards" && sh.Cards, name == "cardList" && (sh.CardList || sh.Answer):
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
			if name == "cardList" && sh.CardList {
				err = q.readCardList(raw, sh)
			} else {
				err = q.readCards(name, raw, sh)
			}
		default:
			f, ok := sh.named(name)
			if !ok {
				err = sh.checkUnread(name, true)
				break
			}
			s, fault := jsonscan.DecodeString(raw)
			seen.set(&q.Shared, f, name, s, fault)
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
		return problem.Invalid("card_id is empty")
	}
	return q.add(sh, id, nil)
}

// readCards reads an array of objects whose names are all known. list is cards, or cardList as the answer of add_card has it.
func (q *Cards) readCards(list string, raw []byte, sh *Shape) error {
	if raw[0] != '[' {
		return problem.Invalid("%s is not an array", list)
	}
	n := 0
	for element := range jsonscan.Elements(raw) {
		n++
		if element[0] != '{' {
			return problem.Invalid("%s: an element is not an object", list)
		}
		if err := q.readCard(list, element, sh); err != nil {
			return err
		}
	}
	if n == 0 {
		return problem.Invalid("%s is an empty array", list)
	}
	return nil
}

// readCard reads one of them.
func (q *Cards) readCard(list string, element []byte, sh *Shape) error {
	var own field.Texts
	var id string
	var seen seen
	var seenID bool
	for name, raw := range jsonscan.Members(element) {
		s, fault := jsonscan.DecodeString(raw)
		if name == "card_id" || name == "cardId" && list == "cardList" {
			if seenID {
				fault = field.FaultTwice
			}
			if fault != "" {
				return problem.Invalid("%s %s", name, fault)
			}
			id, seenID = s, true
			continue
		}
		f, ok := sh.named(name)
		switch {
		case ok:
			seen.set(&own, f, name, s, fault)
		case name == "cardExt" && list == "cardList":
			// An answer of ours may come back, and is signed anew. But what somebody wants to have signed must not get lost.
			if fault != "" || s != "" && !strings.Contains(s, `"signature"`) {
				return problem.Invalid("cardList: cardExt is not read: write outer_str and other fields beside cardId")
			}
		case likenessOf(name) == likeCardID:
			return sh.checkUnread(name, true)
		default:
			return problem.Invalid("%s: there is no field %s", list, field.Quote(name))
		}
	}
	if id == "" {
		return problem.Invalid("card_id is missing")
	}
	return q.add(sh, id, &own)
}
