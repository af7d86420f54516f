package jsonscan

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Broken is the error for a body that is not UTF-8 or not JSON. It names the field when all that is broken is a text:
// with bytes that are no UTF-8, or with control characters that are not escaped.
func Broken(body []byte) error {
	broken, fault := func(raw []byte) bool { return !utf8.Valid(raw) }, field.FaultUTF8
	if !broken(body) {
		body = MarkControls(body)
		broken, fault = func(raw []byte) bool { return bytes.IndexByte(raw, controlMark) >= 0 }, field.FaultControl
	}
	if trimmed := bytes.TrimSpace(body); json.Valid(body) && trimmed[0] == '{' {
		if name := brokenMember(trimmed, broken, true); name != "" {
			return field.Invalidf("%s %s", field.Quote(name), fault)
		}
	}
	if fault == field.FaultUTF8 {
		return field.Invalidf("the body %s", fault)
	}
	return field.Invalidf("the body is not valid JSON")
}

// controlMark is a control character that JSON allows in a string.
const controlMark = 0x7F

// MarkControls gives a text of the same length in which the control characters in strings that JSON does not allow there are
// another one, DEL.
func MarkControls(body []byte) []byte {
	marked := bytes.Clone(body)
	inString := false
	for i := 0; i < len(marked); i++ {
		switch c := marked[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case inString && c < ' ':
			marked[i] = controlMark
		}
	}
	return marked
}

// brokenMember names the member of an object, or of an object in one of its arrays, whose value is broken.
func brokenMember(object []byte, broken func([]byte) bool, arrays bool) string {
	for name, raw := range Members(object) {
		if !broken(raw) {
			continue
		}
		if arrays && raw[0] == '[' {
			for element := range Elements(raw) {
				if element[0] != '{' || !broken(element) {
					continue
				}
				if inner := brokenMember(element, broken, false); inner != "" {
					return inner
				}
			}
		}
		return name
	}
	return ""
}
