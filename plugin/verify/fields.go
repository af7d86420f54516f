package verify

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// spec is a field that the client reads.
type spec struct {
	name   string   // its key
	signed string   // its name among the signed values, as in WeChat's documentation
	others []string // what it is called by mistake, as plainKey has it; the key's own other spellings need no mention
	number bool     // it may be a JSON number too
	free   bool     // it may hold blanks
	filled bool     // it should not be there when it is empty
}

// field is a field that was sent.
type field struct {
	spec
	value string
}

// fields are those that were sent, by the names of their specs.
type fields map[string]field

// secrets are keys under which servers give away what must stay with them, as plainKey has them.
var secrets = []string{"apiticket", "jsapiticket", "ticket", "accesstoken", "appsecret", "secret"}

// readFields reads the members that specs name, and tells what is wrong with them. harmless are keys that mean nothing to
// signatures.
func readFields(it *Item, members []member, specs []spec, harmless ...string) fields {
	found := make(fields)
	for _, exact := range []bool{true, false} {
		for _, m := range members {
			at := slices.IndexFunc(specs, func(s spec) bool { return s.name == m.key })
			if exact != (at >= 0) {
				continue
			}
			plain := plainKey(m.key)
			if !exact {
				at = slices.IndexFunc(specs, func(s spec) bool {
					return plain == plainKey(s.name) || slices.Contains(s.others, plain)
				})
			}
			if at >= 0 {
				if _, twice := found[specs[at].name]; !twice {
					if !exact {
						it.about(KeyName, specs[at].name, m.key)
					}
					found[specs[at].name] = field{specs[at], readValue(it, specs[at], m.raw)}
					continue
				}
			}
			switch {
			case slices.Contains(secrets, plain):
				it.about(TicketSent, m.key, "")
			case !slices.Contains(harmless, m.key):
				it.about(UnknownField, m.key, "")
			}
		}
	}
	return found
}

// readValue reads the value of one field.
func readValue(it *Item, s spec, raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	text, isString := stringOf(raw)
	number := len(raw) > 0 && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9')
	switch {
	case isString && text == "" && s.filled:
		it.about(BlankField, s.name, "")
	case isString:
	case number:
		text = wholeNumber(string(raw))
		if !s.number {
			it.about(NotAString, s.name, "")
		}
	default:
		it.about(NotAString, s.name, "")
	}
	if !s.free && strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		it.about(WhiteSpace, s.name, "")
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

// judgeTime tells what is wrong with a timestamp.
func (c *checker) judgeTime(it *Item, f fields, name string) {
	text := f[name].value
	if text == "" {
		it.about(FieldMissing, name, "")
		return
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !isDigits(text) {
		it.about(NotDigits, name, "")
		return
	}
	if len(text) >= 13 {
		it.about(Milliseconds, name, "")
		n /= 1000
	}
	if c.known.Now.IsZero() {
		return
	}
	switch age := c.known.Now.Sub(time.Unix(n, 0)); {
	case age > ticketLife:
		it.about(TimestampOld, name, spanText(age))
	case age < -clockSlack:
		it.about(TimestampAhead, name, spanText(-age))
	}
}

// What timestamps may differ by. WeChat publishes no bound for cards; a ticket's lifetime is one that nobody passes who
// signs when the user is there.
const (
	ticketLife = 2 * time.Hour
	clockSlack = 5 * time.Minute
)

// spanText is a duration in units that are the same in all languages.
func spanText(d time.Duration) string {
	if d >= 48*time.Hour {
		return strconv.Itoa(int(d/(24*time.Hour))) + " d"
	}
	if d >= 2*time.Hour {
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/time.Minute)) + " min"
}

func isDigits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func isAlphanumeric(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// judgeNonce tells what is wrong with a nonce: it has at most 32 letters and digits.
func judgeNonce(it *Item, name, nonce string) {
	if len(nonce) > 32 || !isAlphanumeric(nonce) {
		it.about(NonceMalformed, name, "")
	}
}
