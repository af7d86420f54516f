package push

import (
	"bytes"
	"unicode/utf8"
)

// Format is how a message is written, which the account's console says.
type Format string

// The formats.
const (
	XML  Format = "text/xml"
	JSON Format = "application/json"
)

// infoField is where a message holds what a member filled in.
func (f Format) infoField() string {
	if f == JSON {
		return "user_info"
	}
	return "UserInfo"
}

const (
	fieldEncrypt = "Encrypt"
	fieldMsgType = "MsgType"
)

// wanted are the fields that are read, at the top level only. What else a message holds is the backend's business.
var wanted = map[string]bool{
	fieldEncrypt:          true,
	fieldMsgType:          true,
	"Event":               true,
	"FromUserName":        true,
	"UnionId":             true,
	"CardId":              true,
	"UserCardCode":        true,
	"OuterStr":            true,
	"IsGiveByFriend":      true,
	"IsRestoreMemberCard": true,
	XML.infoField():       true,
	JSON.infoField():      true,
}

// document is a message or an envelope, read.
type document struct {
	format  Format
	fields  map[string]string // those that are wanted, without the blanks around them
	encrypt struct{ from, to int }
	end     int // where more fields can be put in; 0: nowhere
}

// set notes a field. One that stands twice is read differently by different backends.
func (d *document) set(name, value string) error {
	if _, ok := d.fields[name]; ok {
		return &Malformed{Reason: "the message has two fields", Of: name}
	}
	d.fields[name] = value
	return nil
}

// byteOrderMark may stand in front of either format.
var byteOrderMark = []byte("\ufeff")

func parse(body []byte) (document, error) {
	d := document{fields: make(map[string]string, len(wanted))}
	if !utf8.Valid(body) {
		return d, &Malformed{Reason: "the message is no UTF-8"}
	}
	text := bytes.TrimPrefix(body, byteOrderMark)
	skipped := len(body) - len(text)
	var err error
	switch first := bytes.TrimLeft(text, " \t\r\n"); {
	case bytes.HasPrefix(first, []byte("<")):
		d.format = XML
		err = d.parseXML(text)
	case bytes.HasPrefix(first, []byte("{")):
		d.format = JSON
		err = d.parseJSON(text)
	default:
		err = &Malformed{Reason: "the message is neither XML nor a JSON object"}
	}
	if d.end > 0 {
		d.end += skipped
	}
	if d.encrypt.to > 0 {
		d.encrypt.from += skipped
		d.encrypt.to += skipped
	}
	return d, err
}
