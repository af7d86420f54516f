package push

import (
	"bytes"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// readJSON reads {"Field": …}. A field is a string, a number or a boolean; of others it only notes that they are there.
// Control characters in strings, which are to be escaped and sometimes are not, are no reason to read no further.
func (d *document) readJSON(text []byte) {
	text = jsonscan.MarkControls(text)
	if !json.Valid(text) {
		d.encrypt = lastEncrypt(text)
		for name := range d.wanted {
			d.count[name] = bytes.Count(text, []byte(`"`+name+`"`))
		}
		return
	}
	object := bytes.TrimLeft(text, blanks)
	skipped := len(text) - len(object)
	for m := range jsonscan.Walk(object) {
		if !d.wanted[m.Name] {
			continue
		}
		value, ok := scalar(object[m.Value:m.End])
		d.note(m.Name, value, ok)
		if m.Name == fieldEncrypt {
			d.encrypt = span{m.Value, m.End}.moved(skipped)
		}
	}
	d.whole = true
	d.end = bytes.LastIndexByte(text, '}')
}

// scalar is a JSON value as text; "" for null, arrays and objects. ok is false where it is half a character.
func scalar(raw []byte) (text string, ok bool) {
	switch raw[0] {
	case '"':
		s, fault := jsonscan.DecodeString(raw)
		return s, fault == ""
	case '{', '[', 'n':
		return "", true
	}
	return string(raw), true
}
