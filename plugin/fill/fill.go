// Package fill finds in a JSON text what a backend left to the gateway, and replaces it: a cardExt that is to be signed
// (添加卡券), and the extraData that opens the member-card component (会员卡开卡组件). Every other byte stays as it is: the order
// of members, the form of numbers, escapes and blanks. Nothing here signs, checks values or does I/O.
package fill

import (
	"bytes"
	"iter"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// Kind says what a Part is.
type Kind uint8

// The kinds.
const (
	CardExt   Kind = iota // the object `cardExt` beside a string `cardId`
	ExtraData             // an object `extraData` with a string `card_id`
)

// Part is an object of a text that is to be replaced. Its values are JSON as the text has it, parts of the text itself;
// nil stands for a member that is missing, null or an empty string. Of several members with one name the last counts, as it
// does for JSON.parse.
type Part struct {
	Kind   Kind
	CardID []byte // a string

	// What the object holds. An ExtraData has an OuterStr at most.
	Code, OpenID, OuterStr, FixedBeginTimestamp []byte

	// Unknown is the name of a member that a cardExt cannot be given, as the text has it, without quotation marks; nil:
	// there is none. Such an object must not be filled.
	Unknown []byte

	start, end int  // where in the text the object is
	noAppID    bool // no appId stands beside it
	kept       bool // it is to be filled
	others     bool // it holds members that make it something else
}

// Find appends to parts what is to be filled in text, in the order of the text:
//
//   - every object `cardExt` in an object that has a string `cardId`, unless it has a signature already; `[]` is an empty one;
//   - every object `extraData` with a string `card_id` that holds nothing else but an `outer_str`: not what the component
//     itself gave back, nor what another mini program is to be given.
//
// Names are compared after decoding. It fails, with ok false, when text is not JSON, or nested more than 10,000 deep, as
// encoding/json bounds it. Bytes that are not UTF-8 inside of strings are none of its business; a byte order mark is
// skipped. A text in which none of the names can occur, as most, is not looked into any further.
func Find(parts []Part, text []byte) (found []Part, ok bool) {
	if !mayHold(text) {
		return parts, true
	}
	return find(parts, text)
}

// mayHold tells whether text may hold one of the names, cardExt or extraData.
func mayHold(text []byte) bool {
	for at := range indexes(text, 'x') { // which both have, and not much else
		if before, behind := text[:at], text[at:]; bytes.HasSuffix(before, []byte("cardE")) || bytes.HasPrefix(behind, []byte("xtraData")) {
			return true
		}
	}
	for at := range indexes(text, '\\') {
		if bytes.HasPrefix(text[at:], []byte(`\u00`)) { // an escape can hide a letter of theirs in no other way
			return true
		}
	}
	return false
}

// indexes gives where c is in text.
func indexes(text []byte, c byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			i := bytes.IndexByte(text[at:], c)
			if i < 0 {
				return
			}
			if at += i; !yield(at) {
				return
			}
		}
	}
}

// find is Find for a text that may hold a name.
func find(parts []Part, text []byte) (found []Part, ok bool) {
	before := len(parts)
	s := scanner{text: text, parts: parts}
	if !s.document() {
		return parts, false
	}
	found = s.parts[:before]
	end := 0
	for _, p := range s.parts[before:] {
		if p.kept && p.start >= end { // what stands inside of another part goes with it
			found = append(found, p)
			end = p.end
		}
	}
	return found, true
}

// Append appends text to dst, with what replace appends for part i in the place of that part, and with the component's
// appId behind an ExtraData that has none beside it. parts are those that Find gave for text, none of them with an Unknown.
func Append(dst, text []byte, parts []Part, replace func(dst []byte, i int) ([]byte, error)) ([]byte, error) {
	done := 0
	for i := range parts {
		p := &parts[i]
		dst = append(dst, text[done:p.start]...)
		var err error
		if dst, err = replace(dst, i); err != nil {
			return dst, err
		}
		if p.noAppID {
			dst = append(dst, `,"appId":"`+card.ComponentAppID+`"`...)
		}
		done = p.end
	}
	return append(dst, text[done:]...), nil
}

// take notes a member of the object.
func (p *Part) take(name, value []byte) {
	if string(value) == "null" || string(value) == `""` {
		value = nil
	}
	switch string(name) {
	case "outer_str":
		p.OuterStr = value
		return
	case "code":
		if p.Kind == CardExt {
			p.Code = value
			return
		}
	case "openid":
		if p.Kind == CardExt {
			p.OpenID = value
			return
		}
	case "fixed_begintimestamp":
		if p.Kind == CardExt {
			p.FixedBeginTimestamp = value
			return
		}
	case "signature":
		if p.Kind == CardExt {
			p.others = value != nil
			return
		}
	case "card_id":
		if p.Kind == ExtraData {
			p.CardID = value
			return
		}
	}
	switch {
	case value == nil:
	case p.Kind == ExtraData:
		p.others = true
	default:
		p.Unknown = name
	}
}

// settle decides whether the object is to be filled, when all around it is known.
func (p *Part) settle(cardID []byte, hasAppID bool) {
	if p.Kind == CardExt {
		p.CardID = cardID
	} else {
		p.noAppID = !hasAppID
	}
	p.kept = !p.others && len(p.CardID) > len(`""`) && p.CardID[0] == '"'
}
