package caddymodule

import (
	"bytes"
	"encoding/json"
)

// This file reads JSON requests. encoding/json judges a body as a whole; after that jsonscan.go finds its way through it.
// Decoding into structs would not do: it ignores the case of names, takes the last of several equal ones and mends what is broken.

// readJSON fills q from a JSON object that is valid UTF-8.
func (q *cardsRequest) readJSON(body []byte, sh *shape) error {
	if !json.Valid(body) {
		return brokenJSON(body)
	}
	body = bytes.TrimSpace(body)
	if body[0] != '{' {
		return invalid("the body is no JSON object")
	}
	var seen fieldSet
	var list string // which of the lists was there
	var seenCardID bool
	for name, raw := range members(body) {
		var err error
		switch {
		case name == "card_id" && sh.max > 0:
			if seenCardID {
				return invalid("card_id %s", faultTwice)
			}
			seenCardID = true
			err = q.readJSONCardID(raw, sh)
		case name == "cards" && sh.cards, name == "cardList" && sh.cardList:
			if list == name {
				return invalid("%s %s", name, faultTwice)
			}
			if list != "" {
				return invalid("cards and cardList exclude each other")
			}
			list = name
			if len(q.ids) > 0 {
				return invalid("card_id and %s exclude each other", name)
			}
			if name == "cards" {
				err = q.readCards(raw, sh)
			} else {
				err = q.readCardList(raw, sh)
			}
		default:
			f, ok := fieldNamed(name)
			if !ok || !sh.fields.has(f) {
				continue
			}
			s, fault := decodeString(raw)
			q.shared[f].set(&seen, f, s, fault)
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
func (q *cardsRequest) settle(list string) error {
	if len(q.ids) != len(q.own) {
		return invalid("card_id and %s exclude each other", list)
	}
	beside := phrase("stands beside cards, not in it")
	if list == "cardList" {
		beside = "stands beside cardList, not in it"
	}
	for f := range numFields {
		if q.shared[f].absent() {
			continue
		}
		for i := range q.own {
			q.own[i][f] = text{fault: beside}
		}
	}
	return nil
}

// readJSONCardID reads a string or an array of strings.
func (q *cardsRequest) readJSONCardID(raw []byte, sh *shape) error {
	if raw[0] == '[' && sh.idList {
		n := 0
		for element := range elements(raw) {
			n++
			id, fault := decodeString(element)
			if fault != "" {
				return invalid("card_id: an element %s", fault)
			}
			if err := q.add(sh, id, nil); err != nil {
				return err
			}
		}
		if n == 0 {
			return invalid("card_id is an empty array")
		}
		return nil
	}
	id, fault := decodeString(raw)
	if fault != "" {
		return invalid("card_id %s", fault)
	}
	if id == "" {
		return nil
	}
	return q.add(sh, id, nil)
}

// readCards reads an array of objects whose names are all known.
func (q *cardsRequest) readCards(raw []byte, sh *shape) error {
	if raw[0] != '[' {
		return invalid("cards is not an array")
	}
	n := 0
	for element := range elements(raw) {
		n++
		if element[0] != '{' {
			return invalid("cards: an element is not an object")
		}
		var own texts
		var id string
		var seen fieldSet
		var seenID bool
		for name, raw := range members(element) {
			s, fault := decodeString(raw)
			if name == "card_id" {
				if seenID {
					fault = faultTwice
				}
				if fault != "" {
					return invalid("card_id %s", fault)
				}
				id, seenID = s, true
				continue
			}
			f, ok := fieldNamed(name)
			if !ok || !sh.fields.has(f) {
				return invalid("cards: there is no field %s", quote(name))
			}
			own[f].set(&seen, f, s, fault)
		}
		if id == "" {
			return invalid("card_id is missing")
		}
		if err := q.add(sh, id, &own); err != nil {
			return err
		}
	}
	if n == 0 {
		return invalid("cards is an empty array")
	}
	return nil
}

// readCardList reads what wx.addCard or wx.chooseCard gave the client: an array, or a string that holds one.
func (q *cardsRequest) readCardList(raw []byte, sh *shape) error {
	if raw[0] == '"' {
		s, fault := decodeString(raw)
		if fault != "" {
			return invalid("cardList %s", fault)
		}
		return q.readCardListString(s, sh)
	}
	if raw[0] != '[' {
		return invalid("cardList is not an array")
	}
	for element := range elements(raw) {
		if element[0] != '{' {
			return invalid("cardList: an element is not an object")
		}
		if err := q.readResult(element, sh); err != nil {
			return err
		}
	}
	if len(q.own) == 0 {
		return invalid("cardList holds no card that was added")
	}
	return nil
}

// readCardListString reads JSON inside a string, as wx.chooseCard gives it.
func (q *cardsRequest) readCardListString(s string, sh *shape) error {
	raw := bytes.TrimSpace([]byte(s))
	if len(raw) == 0 {
		return invalid("cardList is missing")
	}
	if fault := textFault(s); fault == faultUTF8 {
		return invalid("cardList %s", fault)
	}
	if raw[0] == '"' || !json.Valid(raw) {
		return invalid("cardList is not valid JSON")
	}
	return q.readCardList(raw, sh)
}

// readResult reads one card of a cardList. Whatever else the client's API put there is ignored.
func (q *cardsRequest) readResult(element []byte, sh *shape) error {
	var own texts
	var id string
	var idFault phrase
	var seen fieldSet
	var seenID, seenSuccess bool
	added := true
	for name, raw := range members(element) {
		switch name {
		case "cardId", "card_id":
			id, idFault = decodeString(raw)
			if seenID {
				return invalid("%s %s", name, faultTwice)
			}
			seenID = true
		case "code", "encrypt_code":
			if raw[0] == 'n' { // null, for a card that was not added
				continue
			}
			s, fault := decodeString(raw)
			own[code].set(&seen, code, s, fault)
		case "isSuccess":
			if seenSuccess {
				return invalid("isSuccess %s", faultTwice)
			}
			if raw[0] != 't' && raw[0] != 'f' {
				return invalid("isSuccess is neither true nor false")
			}
			added, seenSuccess = raw[0] == 't', true
		}
	}
	if !added || own[code].absent() {
		return nil
	}
	if idFault != "" {
		return invalid("cardId %s", idFault)
	}
	if id == "" {
		return invalid("cardId is missing")
	}
	return q.add(sh, id, &own)
}
