package sent

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/signature"
)

// Spec is a field that the client reads.
type Spec struct {
	Name   string   // its key
	Others []string // what it is called by mistake, as PlainKey has it; the key's own other spellings need no mention
	Number bool     // it may be a JSON number too
	Free   bool     // it may hold blanks
	Filled bool     // it should not be there when it is empty
}

// secrets are keys under which servers give away what must stay with them, as PlainKey has them.
var secrets = []string{"apiticket", "jsapiticket", "ticket", "accesstoken", "appsecret", "secret"}

// nothing are texts that programs write where there is no value.
var nothing = []string{"undefined", "null", "none", "nil", "nan", "[object object]", "[object promise]"}

// Read reads the members that specs name, and tells what is wrong with them. harmless are keys that mean nothing to
// signatures. The texts are by the names of the specs; what was not sent is not among them. others are texts of fields that
// were sent twice: those that do not count.
func Read(it *report.Item, members []Member, specs []Spec, harmless ...string) (found, others map[string]string) {
	found, others = make(map[string]string), make(map[string]string)
	for _, m := range members {
		if m.First != nil {
			it.About(report.FieldTwice, m.Key, "")
		}
	}
	for _, exact := range []bool{true, false} {
		for _, m := range members {
			at := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == m.Key })
			if exact != (at >= 0) {
				continue
			}
			plain := PlainKey(m.Key)
			if !exact {
				at = slices.IndexFunc(specs, func(s Spec) bool {
					return plain == PlainKey(s.Name) || slices.Contains(s.Others, plain)
				})
			}
			if at >= 0 {
				name := specs[at].Name
				if _, twice := found[name]; !twice {
					if !exact {
						it.About(report.KeyName, name, m.Key)
					}
					found[name] = readValue(it, specs[at], m.Raw)
					if m.First != nil {
						others[name], _, _ = textOf(m.First)
					}
					continue
				}
				if _, known := others[name]; !known {
					others[name], _, _ = textOf(m.Raw)
				}
			}
			switch {
			case slices.Contains(secrets, plain):
				it.About(report.TicketSent, m.Key, "")
			case !slices.Contains(harmless, m.Key):
				it.About(report.UnknownField, m.Key, "")
			}
		}
	}
	return found, others
}

// textOf is a value as text, if it is a string or a number.
func textOf(raw json.RawMessage) (text string, isString, isNumber bool) {
	raw = bytes.TrimSpace(raw)
	if text, isString = StringOf(raw); isString {
		return text, true, false
	}
	if len(raw) > 0 && (raw[0] == '-' || field.IsDigit(raw[0])) {
		return wholeNumber(string(raw)), false, true
	}
	return "", false, false
}

// readValue reads the value of one field.
func readValue(it *report.Item, s Spec, raw json.RawMessage) string {
	text, isString, isNumber := textOf(raw)
	switch {
	case isString && text == "" && s.Filled:
		it.About(report.BlankField, s.Name, "")
	case isString:
	case isNumber:
		if !s.Number {
			it.About(report.NotAString, s.Name, "")
		}
	default:
		it.About(report.NotAString, s.Name, "")
	}
	if !s.Free && strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		it.About(report.WhiteSpace, s.Name, "")
	}
	if _, bytes := signature.Bytes(text); bytes && !s.Free {
		it.About(report.BytesSent, s.Name, "")
	}
	if !s.Free && slices.Contains(nothing, strings.ToLower(text)) {
		it.About(report.WordSent, s.Name, text)
	}
	return text
}

// wholeNumber writes a JSON number as JavaScript would, if it is a whole one of the size of a timestamp.
func wholeNumber(literal string) string {
	if f, err := strconv.ParseFloat(literal, 64); err == nil && f == float64(int64(f)) && f > -1e15 && f < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return literal
}
