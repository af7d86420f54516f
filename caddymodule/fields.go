package caddymodule

import (
	"unicode/utf8"
)

// field is one of the values that go with a card, or with a request.
type field uint8

// The fields. Requests, JSON and Caddyfile know them by fieldRules' names.
const (
	outerStr field = iota
	code
	openID
	fixedBegin
	pageURL
	shopID
	cardType
	numFields
)

// fieldRules says what each field may hold.
var fieldRules = [numFields]struct {
	name   string
	max    int               // characters, of configured values too
	client func(string) bool // whether a client may send this; nil: any text of that length
	hint   phrase            // what client asks for
}{
	outerStr: {name: "outer_str", max: 512},
	// What is signed are bare values, sorted: a card_id in the place of a code or openid would sign another card.
	code:       {name: "code", max: 20, client: isPlainCode, hint: "letters and digits"},
	openID:     {name: "openid", max: 64, client: isOpenID, hint: "an openid"},
	fixedBegin: {name: "fixed_begintimestamp", max: 20, client: isDigits, hint: "digits"},
	pageURL:    {name: "url", max: 8192, client: isPageURL, hint: "the address of a page as location.href has it, encoded once"},
	// These two are signed as bare values, too.
	shopID:   {name: "shop_id", max: 20, client: isDigits, hint: "digits"},
	cardType: {name: "card_type", max: 32, client: isCardType, hint: "one of WeChat's card types"},
}

// Name is what requests, JSON and Caddyfile call the field.
func (f field) Name() string { return fieldRules[f].name }

// fieldNamed finds a field by its name.
func fieldNamed(name string) (field, bool) {
	switch name { // the compiler makes this faster than a loop over fieldRules
	case "outer_str":
		return outerStr, true
	case "code":
		return code, true
	case "openid":
		return openID, true
	case "fixed_begintimestamp":
		return fixedBegin, true
	case "url":
		return pageURL, true
	case "shop_id":
		return shopID, true
	case "card_type":
		return cardType, true
	}
	return 0, false
}

// fieldSet is a set of fields.
type fieldSet uint8

func fieldsOf(fields ...field) fieldSet {
	var set fieldSet
	for _, f := range fields {
		set |= 1 << f
	}
	return set
}

func (s fieldSet) has(f field) bool { return s&(1<<f) != 0 }

// text is a client's value for a field. It is judged only when it is used: a copy of what the operator configured is ignored.
type text struct {
	s     string
	fault phrase // why s cannot be used; "": it can
}

func (t text) absent() bool { return t == text{} }

// set is for the first value; a second one is a fault, even if one of them is empty.
func (t *text) set(seen *fieldSet, f field, s string, fault phrase) {
	if seen.has(f) {
		t.fault = faultTwice
		return
	}
	*seen |= 1 << f
	*t = text{s, fault}
}

// texts are a client's values for all fields.
type texts [numFields]text

// textFault says what is wrong with a text, whoever wrote it; "" if nothing is.
func textFault(s string) phrase {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7F {
				return faultControl
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return faultUTF8
		}
		if isControl(r) {
			return faultControl
		}
		i += size
	}
	return ""
}

// isControl tells control characters, and the two separators that JavaScript takes for line ends.
func isControl(r rune) bool {
	return r < ' ' || r >= 0x7F && r <= 0x9F || r == '\u2028' || r == '\u2029'
}

// tooLong tells whether s has more than limit characters.
func tooLong(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}

// check returns the client's value, or why it cannot be used.
func (t text) check(f field) (string, error) { return t.checkAs(f, fieldRules[f].client) }

// checkAs is check with another rule for what the value may be; nil: any text.
func (t text) checkAs(f field, may func(string) bool) (string, error) {
	rule := &fieldRules[f]
	fault := t.fault
	if fault == "" {
		fault = textFault(t.s)
	}
	if fault != "" {
		return "", invalidf("%s %s", rule.name, fault)
	}
	if tooLong(t.s, rule.max) {
		return "", invalidf("%s is longer than %d characters", rule.name, rule.max)
	}
	if may != nil && !may(t.s) {
		return "", invalidf("%s is not %s", rule.name, rule.hint)
	}
	return t.s, nil
}

// optional is check for a field that may be absent.
func (t text) optional(f field) (string, error) {
	if t.absent() {
		return "", nil
	}
	return t.check(f)
}

// checkConfigured holds for configured values without placeholders, and for those with them once they are evaluated.
// What a value looks like otherwise is the operator's business.
func checkConfigured(f field, s string) error {
	rule := &fieldRules[f]
	if fault := textFault(s); fault != "" {
		return invalidf("%s %s", rule.name, fault)
	}
	if tooLong(s, rule.max) {
		return invalidf("%s is longer than %d characters", rule.name, rule.max)
	}
	return nil
}
