package push

import (
	"bytes"
	"unicode/utf8"
)

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
