// Package sent reads what a client sent: it recognises which of WeChat's arguments it is, reads the fields that the client
// would, and says what is wrong with them by themselves.
package sent

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Bounds of looking for something signed in what was sent.
const (
	MaxInput   = 64 << 10 // bytes; what is longer is not recognised
	MaxEntries = 20       // of a cardList; what follows them is counted only

	maxDepth  = 4
	maxVisits = 100
)

// Value is what was sent, recognised.
type Value struct {
	Kind    report.Kind
	Members []Member  // of the object; of no meaning for a list
	Entries []Entry   // of a cardList, as many as are looked at
	Count   int       // of all entries
	Texted  bool      // the cardList is a string that holds a list
	Encoded report.ID // how the text that holds it was encoded, "" if it was not
	Fault   report.ID // why it was not recognised
}

// Entry is one entry of a cardList.
type Entry struct {
	Where   string
	Members []Member // nil: it is no object
}

// Recognise finds what is signed in a text; false: nothing was found, and Fault says why.
func Recognise(raw []byte) (Value, bool) {
	fault := report.NotRecognised
	if len(raw) <= MaxInput && utf8.Valid(raw) {
		l := looker{}
		if v, ok := l.open(string(raw), 0); ok {
			return v, true
		}
		if !l.json {
			fault = report.NotJSON
		}
	}
	return Value{Kind: report.Unknown, Fault: fault}, false
}

// looker is one search for something signed.
type looker struct {
	visits int
	json   bool // a JSON object or list was met
}

// open looks into a text that should be JSON.
func (l *looker) open(text string, depth int) (Value, bool) {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
	if json.Valid([]byte(text)) {
		return l.visit([]byte(text), depth)
	}
	if decoded, how := Decode(text); how != "" {
		v, ok := l.visit([]byte(decoded), depth)
		v.Encoded = how
		return v, ok
	}
	// as logs and code show it: the inside of a string
	quoted := `"` + strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`) + `"`
	if !strings.Contains(text, `\"`) || !json.Valid([]byte(quoted)) {
		return Value{}, false
	}
	return l.visit([]byte(quoted), depth)
}

// visit looks at a JSON text, and into it.
func (l *looker) visit(raw []byte, depth int) (Value, bool) {
	if l.visits++; depth > maxDepth || l.visits > maxVisits {
		return Value{}, false
	}
	if text, ok := StringOf(raw); ok {
		return l.open(text, depth+1)
	}
	l.json = true
	if list, ok := ListOf(raw); ok {
		return listValue(list, "")
	}
	members, ok := ObjectOf(raw)
	if !ok {
		return Value{}, false
	}
	if v, ok := objectValue(members); ok {
		return v, true
	}
	for _, m := range members {
		if v, ok := l.visit(m.Raw, depth+1); ok {
			return v, true
		}
	}
	return Value{}, false
}

// objectValue recognises an object by its keys.
func objectValue(members []Member) (Value, bool) {
	keys := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		keys[PlainKey(m.Key)] = m.Raw
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
		text, texted := StringOf(raw)
		if texted {
			raw = []byte(text)
		}
		list, ok := ListOf(raw)
		if !ok && texted {
			decoded, _ := Decode(text)
			list, ok = ListOf([]byte(decoded))
		}
		if !ok {
			return Value{}, false
		}
		v, ok := listValue(list, "cardList")
		v.Texted, v.Members = texted, members
		return v, ok
	case has("cardext"):
		return Value{Kind: report.Card, Members: members}, true
	case has("cardsign"), has("signtype") && has("signature", "sign"):
		return Value{Kind: report.ChooseCard, Members: members}, true
	case has("jsapilist"), has("signature", "sign") && has("appid", "url", "debug"):
		return Value{Kind: report.JSConfig, Members: members}, true
	case has("signature", "sign"), has("timestamp") && has("noncestr", "nonce"):
		return Value{Kind: report.CardExt, Members: members}, true
	}
	return Value{}, false
}

// listValue takes a list for a cardList if an entry looks like one.
func listValue(list []json.RawMessage, name string) (Value, bool) {
	v := Value{Kind: report.AddCard, Count: len(list)}
	ok := false
	for i, raw := range list {
		if i == MaxEntries {
			break
		}
		members, _ := ObjectOf(raw)
		for _, m := range members {
			switch PlainKey(m.Key) {
			case "cardext", "cardid", "signature":
				ok = true
			}
		}
		v.Entries = append(v.Entries, Entry{fmt.Sprintf("%s[%d]", name, i), members})
	}
	return v, ok
}
