package sent

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Member is a member of a JSON object, in the order of the text.
type Member struct {
	Key string
	Raw json.RawMessage
}

// PlainKey is a key as all its spellings have it: nonceStr, nonce_str and NONCESTR are one.
func PlainKey(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(key))
}

// ObjectOf reads a JSON object. Of a key that stands there twice the last value counts, as in JavaScript.
func ObjectOf(raw []byte) ([]Member, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	members := []Member{}
	at := make(map[string]int)
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		var raw json.RawMessage
		if err != nil || !ok || d.Decode(&raw) != nil {
			return nil, false
		}
		if i, twice := at[key]; twice {
			members[i].Raw = raw
			continue
		}
		at[key] = len(members)
		members = append(members, Member{key, raw})
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	return members, true
}

// ListOf reads a JSON list.
func ListOf(raw []byte) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) || json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	return list, true
}

// StringOf reads a JSON string.
func StringOf(raw []byte) (string, bool) {
	var text string
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, true
}
