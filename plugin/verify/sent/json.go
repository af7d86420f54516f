package sent

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// Member is a member of a JSON object, in the order of the text.
type Member struct {
	Key   string
	Raw   json.RawMessage
	First json.RawMessage // its first value, where the key stands there twice; nil: it does not
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

// PlainKey is a key as all its spellings have it: nonceStr, nonce_str and NONCESTR are one.
func PlainKey(key string) string { return strings.ToLower(separators.Replace(key)) }

// ObjectOf reads a JSON object. Of a key that stands there twice the last value counts, as in JavaScript.
func ObjectOf(raw []byte) ([]Member, bool) {
	raw = bytes.Trim(raw, " \t\r\n")
	if !bytes.HasPrefix(raw, []byte("{")) || !json.Valid(raw) {
		return nil, false
	}
	members := []Member{}
	at := make(map[string]int)
	for key, value := range jsonscan.Members(raw) {
		i, twice := at[key]
		if !twice {
			at[key] = len(members)
			members = append(members, Member{Key: key, Raw: value})
			continue
		}
		if members[i].First == nil {
			members[i].First = members[i].Raw
		}
		members[i].Raw = value
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
