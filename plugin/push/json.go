package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// parseJSON reads {"Field": …}. A field is a string, a number or a boolean; of others it only notes that they are there.
func (d *document) parseJSON(text []byte) error {
	broken := func(err error) error {
		return &Malformed{Reason: "the message is no well-formed JSON object", Err: err}
	}
	if !json.Valid(text) { // so that no error below can repeat the text
		return broken(nil)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return broken(err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return broken(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return broken(err)
		}
		name, _ := key.(string)
		if !wanted[name] {
			continue
		}
		if err := d.set(name, strings.TrimSpace(scalar(raw))); err != nil {
			return err
		}
		if name == fieldEncrypt {
			end := int(dec.InputOffset())
			d.encrypt.from, d.encrypt.to = end-len(raw), end
		}
	}
	if _, err := dec.Token(); err != nil {
		return broken(err)
	}
	d.end = int(dec.InputOffset()) - 1
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return broken(err)
	}
	return nil
}

// scalar is a JSON value as text; "" for null, arrays and objects.
func scalar(raw json.RawMessage) string {
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
