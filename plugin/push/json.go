package push

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// parseJSON reads {"Field": …}. A field is a string, a number or a boolean; of others it only notes that they are there.
func (d *document) parseJSON(text []byte) error {
	if !json.Valid(text) {
		return &Malformed{Reason: "the message is no well-formed JSON object"}
	}
	object := bytes.TrimLeft(text, " \t\r\n")
	skipped := len(text) - len(object)
	for m := range jsonscan.Walk(object) {
		if !wanted[m.Name] {
			continue
		}
		if err := d.set(m.Name, strings.TrimSpace(scalar(object[m.Value:m.End]))); err != nil {
			return err
		}
		if m.Name == fieldEncrypt {
			d.encrypt.from, d.encrypt.to = skipped+m.Value, skipped+m.End
		}
	}
	d.end = bytes.LastIndexByte(text, '}')
	return nil
}

// scalar is a JSON value as text; "" for null, arrays and objects.
func scalar(raw []byte) string {
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s) // it is valid
		return s
	case '{', '[', 'n':
		return ""
	}
	return string(raw)
}
