package caddymodule

import (
	"strings"
)

// readPairs fills q from a query or a form.
//
// It is stricter than package net/url, which reads on after an error, and costs nothing where nothing is escaped.
// Names that have no meaning are ignored, whatever their values are.
func (q *cardsRequest) readPairs(raw string, sh *shape, isForm bool) error {
	var seen fieldSet
	var seenCardList bool
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, ok := unescape(name)
		if !ok {
			continue
		}
		var err error
		switch {
		case name == "card_id" && sh.max > 0:
			err = q.readCardIDs(value, sh)
		case name == "cardList" && sh.cardList && isForm:
			if seenCardList {
				return invalid("cardList %s", faultTwice)
			}
			seenCardList = true
			value, ok = unescape(value)
			if !ok {
				return invalid("cardList %s", faultEscape)
			}
			err = q.readCardListString(value, sh)
		default:
			f, ok := fieldNamed(name)
			if !ok || !sh.fields.has(f) {
				continue
			}
			value, ok = unescape(value)
			fault := phrase("")
			if !ok {
				fault = faultEscape
			}
			q.shared[f].set(&seen, f, value, fault)
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
func (q *cardsRequest) readCardIDs(value string, sh *shape) error {
	if value == "" {
		return nil
	}
	value, ok := unescape(value)
	if !ok {
		return invalid("card_id %s", faultEscape)
	}
	if !sh.idList {
		if len(q.ids) > 0 {
			return invalid("card_id %s", faultTwice)
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

// unescape decodes what stands in a query or a form: %XX, and + for a blank.
func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, true
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			b.WriteByte(' ')
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if !ok1 || !ok2 {
				return "", false
			}
			b.WriteByte(hi<<4 | lo)
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
