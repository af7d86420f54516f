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

// Read reads the members that specs name, and tells what is wrong with them. harmless are keys that mean nothing to
// signatures. The texts are by the names of the specs; what was not sent is not among them.
func Read(it *report.Item, members []Member, specs []Spec, harmless ...string) map[string]string {
	found := make(map[string]string)
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
				if _, twice := found[specs[at].Name]; !twice {
					if !exact {
						it.About(report.KeyName, specs[at].Name, m.Key)
					}
					found[specs[at].Name] = readValue(it, specs[at], m.Raw)
					continue
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
	return found
}

// readValue reads the value of one field.
func readValue(it *report.Item, s Spec, raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	text, isString := StringOf(raw)
	number := len(raw) > 0 && (raw[0] == '-' || field.IsDigit(raw[0]))
	switch {
	case isString && text == "" && s.Filled:
		it.About(report.BlankField, s.Name, "")
	case isString:
	case number:
		text = wholeNumber(string(raw))
		if !s.Number {
			it.About(report.NotAString, s.Name, "")
		}
	default:
		it.About(report.NotAString, s.Name, "")
	}
	if !s.Free && strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		it.About(report.WhiteSpace, s.Name, "")
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
