package field

import (
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Text is a client's value for a field. It is judged only when it is used: a copy of what the operator configured is ignored.
type Text struct {
	S     string
	Fault language.Phrase // why s cannot be used; "": it can
}

// Absent tells whether the client sent nothing, or an empty text.
func (t Text) Absent() bool { return t == Text{} }

// Set is for the first value; a second one is a fault, even if one of them is empty.
func (t *Text) Set(seen *Set, f Field, s string, fault language.Phrase) {
	if seen.Has(f) {
		t.Fault = FaultTwice
		return
	}
	*seen |= 1 << f
	*t = Text{s, fault}
}

// Texts are a client's values for all fields.
type Texts [Count]Text

// FaultOf says what is wrong with a text, whoever wrote it; "" if nothing is.
func FaultOf(s string) language.Phrase {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7F {
				return FaultControl
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return FaultUTF8
		}
		if IsControl(r) {
			return FaultControl
		}
		i += size
	}
	return ""
}

// IsControl tells control characters, and the two separators that JavaScript takes for line ends.
func IsControl(r rune) bool {
	return r < ' ' || r >= 0x7F && r <= 0x9F || r == '\u2028' || r == '\u2029'
}

// TooLong tells whether s has more than limit characters.
func TooLong(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}

// Check returns the client's value, or why it cannot be used.
func (t Text) Check(f Field) (string, error) {
	rule := &fieldRules[f]
	fault := t.Fault
	if fault == "" {
		fault = FaultOf(t.S)
	}
	if fault != "" {
		return "", Invalidf("%s %s", rule.name, fault)
	}
	if TooLong(t.S, rule.max) {
		return "", Invalidf("%s is longer than %d characters", rule.name, rule.max)
	}
	if rule.client != nil && !rule.client(t.S) {
		return "", Invalidf("%s is not %s", rule.name, rule.hint)
	}
	return t.S, nil
}

// Optional is check for a field that may be absent.
func (t Text) Optional(f Field) (string, error) {
	if t.Absent() {
		return "", nil
	}
	return t.Check(f)
}

// CheckConfigured holds for configured values without placeholders, and for those with them once they are evaluated.
// What a value looks like otherwise is the operator's business.
func CheckConfigured(f Field, s string) error {
	rule := &fieldRules[f]
	if fault := FaultOf(s); fault != "" {
		return Invalidf("%s %s", rule.name, fault)
	}
	if TooLong(s, rule.max) {
		return Invalidf("%s is longer than %d characters", rule.name, rule.max)
	}
	return nil
}
