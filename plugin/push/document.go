package push

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const (
	fieldEncrypt  = "Encrypt"
	fieldEvent    = "Event"
	fieldFromUser = "FromUserName"
	fieldMsgType  = "MsgType"
)

// wanted are the fields that are read, at the top level only. What else a message holds is the backend's business.
var wanted = map[string]bool{
	fieldEncrypt:          true,
	fieldMsgType:          true,
	fieldEvent:            true,
	fieldFromUser:         true,
	"UnionId":             true,
	"CardId":              true,
	"UserCardCode":        true,
	"OuterStr":            true,
	"IsGiveByFriend":      true,
	"IsRestoreMemberCard": true,
	XML.infoField():       true,
	JSON.infoField():      true,
}

// document is a message or an envelope, read as far as that can be done without doubt. What users write is in it, and WeChat
// does not always keep it apart: control characters, bytes that are no UTF-8 and ends of CDATA sections come through. Nothing
// of that is a reason to refuse a message, but some of it is a reason not to believe a field.
type document struct {
	format  Format
	wanted  map[string]bool   // what is read
	whole   bool              // it was read to its end, and is what it should be
	fields  map[string]string // those that are wanted and not in doubt, without the blanks around them
	count   map[string]int    // how often those that are wanted occur
	encrypt span
	end     int // where more fields can be put in; 0: nowhere
}

// span is a part of a text; the zero span is none.
type span struct{ from, to int }

func (s span) moved(by int) span {
	if s.to == 0 {
		return s
	}
	return span{s.from + by, s.to + by}
}

// mark is the byte order mark, which may stand in front of either format.
const mark = '\ufeff'

var byteOrderMark = []byte(string(mark))

const blanks = " \t\r\n"

// formatOf tells by its first byte how a message is written. What shows neither format counts as XML.
func formatOf(body []byte) Format {
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), blanks), []byte("{")) {
		return JSON
	}
	return XML
}

// note notes a field. One that occurs twice is read differently by different backends, so that its value does not count.
func (d *document) note(name, value string, readable bool) {
	d.count[name]++
	if d.count[name] == 1 && readable && utf8.ValidString(value) {
		d.fields[name] = strings.Trim(value, blanks)
		return
	}
	delete(d.fields, name)
}

// broken is the error for an envelope in which nothing was found, because it is no document.
func (d *document) broken(body []byte) *Malformed {
	switch {
	case d.format == JSON:
		return &Malformed{Reason: "the message is no well-formed JSON object"}
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), blanks), []byte("<")):
		return &Malformed{Reason: "the message is no well-formed XML"}
	}
	return &Malformed{Reason: "the message is neither XML nor a JSON object"}
}
