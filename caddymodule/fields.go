package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
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

// The faults of a text.
const (
	faultUTF8      phrase = "is not valid UTF-8"
	faultControl   phrase = "holds a control character"
	faultEscape    phrase = "is not valid percent-encoding"
	faultSurrogate phrase = "holds half a surrogate pair"
	faultTwice     phrase = "is given twice"
	faultNoString  phrase = "is not a string"
	faultNoScalar  phrase = "is neither a string nor a number"
)

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
		return "", invalid("%s %s", rule.name, fault)
	}
	if tooLong(t.s, rule.max) {
		return "", invalid("%s is longer than %d characters", rule.name, rule.max)
	}
	if may != nil && !may(t.s) {
		return "", invalid("%s is not %s", rule.name, rule.hint)
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

// value is what the operator configured for a field; the zero value: nothing.
type value struct {
	raw     string
	dynamic bool // holds placeholders
}

// newValue compiles a configured value.
func newValue(f field, raw string) (value, error) {
	v := value{raw: fullPlaceholders(raw), dynamic: isDynamic(raw)}
	if v.dynamic {
		return v, nil
	}
	return v, checkConfigured(f, raw)
}

// checkConfigured holds for configured values without placeholders, and for those with them once they are evaluated.
// What a value looks like otherwise is the operator's business.
func checkConfigured(f field, s string) error {
	rule := &fieldRules[f]
	if fault := textFault(s); fault != "" {
		return invalid("%s %s", rule.name, fault)
	}
	if tooLong(s, rule.max) {
		return invalid("%s is longer than %d characters", rule.name, rule.max)
	}
	return nil
}

// eval gives the value for a request.
func (v value) eval(f field, r *http.Request) (string, error) {
	if !v.dynamic {
		return v.raw, nil
	}
	s, err := configured(r, fieldRules[f].name, v.raw)
	if err != nil {
		return "", err
	}
	return s, checkConfigured(f, s)
}

// configured evaluates the placeholders of what is configured for a name, each in full.
func configured(r *http.Request, name, raw string) (string, error) {
	s, err := replacer(r).ReplaceOrErr(raw, true, true)
	if err != nil || s == "" {
		p := problemf(http.StatusForbidden, reasonValueMissing, "the value that is configured for %s came out empty", name)
		p.Err = err
		return "", p
	}
	return s, nil
}

// The patterns of what clients may send.

func isCardID(s string) bool {
	return len(s) > 0 && len(s) <= 64 && all(s, isWordByte)
}

func isPlainCode(s string) bool {
	return len(s) > 0 && len(s) <= 20 && all(s, isAlnumByte)
}

func isOpenID(s string) bool {
	return len(s) == 28 && s[0] == 'o' && all(s[1:], isWordByte)
}

func isDigits(s string) bool {
	return s != "" && all(s, isDigitByte)
}

// isEncryptedCode accepts base64 as WeChat writes it. Whether the code is good only WeChat can tell.
func isEncryptedCode(s string) bool {
	digits := strings.TrimRight(s, "=")
	return len(s) <= 512 && digits != "" && len(s)-len(digits) <= 2 &&
		all(digits, func(c byte) bool { return isAlnumByte(c) || c == '+' || c == '/' })
}

func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isDigitByte(c byte) bool { return '0' <= c && c <= '9' }

func isAlnumByte(c byte) bool { return isDigitByte(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

func isWordByte(c byte) bool { return isAlnumByte(c) || c == '_' || c == '-' }

// acceptNone stands in a list of accepted fields that is meant to be empty.
const acceptNone = "none"

// parseAccept reads which fields a client may send, of those possible. None named: outer_str.
func parseAccept(names []string, possible fieldSet) (fieldSet, error) {
	if len(names) == 0 {
		return fieldsOf(outerStr), nil
	}
	if slices.Equal(names, []string{acceptNone}) {
		return 0, nil
	}
	var set fieldSet
	for _, name := range names {
		f, ok := fieldNamed(name)
		if !ok || !possible.has(f) {
			return 0, fmt.Errorf("accept: '%s' is no field that clients could send here", name)
		}
		if set.has(f) {
			return 0, fmt.Errorf("accept: %s already specified", name)
		}
		set |= 1 << f
	}
	return set, nil
}
