package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of looking for something signed in what was sent.
const (
	maxDepth   = 4
	maxVisits  = 100
	maxEntries = 20
)

// member is a member of a JSON object, in the order of the text.
type member struct {
	key string
	raw json.RawMessage
}

// value is what was sent, recognised.
type value struct {
	kind    Kind
	members []member // of the object; of no meaning for a list
	entries []entry  // of a cardList, as many as are looked at
	count   int      // of all entries
	texted  bool     // the cardList is a string that holds a list
	fault   ID       // why it was not recognised
}

// entry is one entry of a cardList.
type entry struct {
	where   string
	members []member // nil: it is no object
}

// recognise finds what is signed in a text.
func recognise(raw []byte) (value, bool) {
	fault := NotRecognised
	if len(raw) <= MaxInput && utf8.Valid(raw) {
		l := looker{}
		if v, ok := l.open(string(raw), 0); ok {
			return v, true
		}
		if !l.json {
			fault = NotJSON
		}
	}
	return value{kind: Unknown, fault: fault}, false
}

// looker is one search for something signed.
type looker struct {
	visits int
	json   bool // a JSON object or list was met
}

// open looks into a text that should be JSON.
func (l *looker) open(text string, depth int) (value, bool) {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
	if !json.Valid([]byte(text)) {
		// as logs and code show it: the inside of a string
		quoted := `"` + strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`) + `"`
		if !strings.Contains(text, `\"`) || !json.Valid([]byte(quoted)) {
			return value{}, false
		}
		text = quoted
	}
	return l.visit([]byte(text), depth)
}

// visit looks at a JSON text, and into it.
func (l *looker) visit(raw []byte, depth int) (value, bool) {
	if l.visits++; depth > maxDepth || l.visits > maxVisits {
		return value{}, false
	}
	if text, ok := stringOf(raw); ok {
		return l.open(text, depth+1)
	}
	l.json = true
	if list, ok := listOf(raw); ok {
		return listValue(list, "")
	}
	members, ok := objectOf(raw)
	if !ok {
		return value{}, false
	}
	if v, ok := objectValue(members); ok {
		return v, true
	}
	for _, m := range members {
		if v, ok := l.visit(m.raw, depth+1); ok {
			return v, true
		}
	}
	return value{}, false
}

// objectValue recognises an object by its keys.
func objectValue(members []member) (value, bool) {
	keys := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		keys[plainKey(m.key)] = m.raw
	}
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := keys[name]; ok {
				return true
			}
		}
		return false
	}
	switch {
	case has("cardlist"):
		raw := keys["cardlist"]
		text, texted := stringOf(raw)
		if texted {
			raw = []byte(text)
		}
		list, ok := listOf(raw)
		if !ok {
			return value{}, false
		}
		v, ok := listValue(list, "cardList")
		v.texted, v.members = texted, members
		return v, ok
	case has("cardext"):
		return value{kind: Card, members: members}, true
	case has("cardsign"), has("signtype") && has("signature", "sign"):
		return value{kind: ChooseCard, members: members}, true
	case has("jsapilist"), has("signature", "sign") && has("appid", "url", "debug"):
		return value{kind: JSConfig, members: members}, true
	case has("signature", "sign"), has("timestamp") && has("noncestr", "nonce"):
		return value{kind: CardExt, members: members}, true
	}
	return value{}, false
}

// listValue takes a list for a cardList if an entry looks like one.
func listValue(list []json.RawMessage, name string) (value, bool) {
	v := value{kind: AddCard, count: len(list)}
	ok := false
	for i, raw := range list {
		if i == maxEntries {
			break
		}
		members, _ := objectOf(raw)
		for _, m := range members {
			switch plainKey(m.key) {
			case "cardext", "cardid", "signature":
				ok = true
			}
		}
		v.entries = append(v.entries, entry{fmt.Sprintf("%s[%d]", name, i), members})
	}
	return v, ok
}

// plainKey is a key as all its spellings have it: nonceStr, nonce_str and NONCESTR are one.
func plainKey(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(key))
}

// objectOf reads a JSON object. Of a key that stands there twice the last value counts, as in JavaScript.
func objectOf(raw []byte) ([]member, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	members := []member{}
	at := make(map[string]int)
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		var raw json.RawMessage
		if err != nil || !ok || d.Decode(&raw) != nil {
			return nil, false
		}
		if i, twice := at[key]; twice {
			members[i].raw = raw
			continue
		}
		at[key] = len(members)
		members = append(members, member{key, raw})
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	return members, true
}

func listOf(raw []byte) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) || json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	return list, true
}

func stringOf(raw []byte) (string, bool) {
	var text string
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, true
}
