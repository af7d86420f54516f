package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The kinds of values that are not kept.
const (
	kindString = "string"
	kindNumber = "number" // n is how many characters it is written with
	kindName   = "name"   // of a field, which is none of WeChat's
	kindText   = "text"   // no JSON at all
)

func mark(kind string, n int) string { return fmt.Sprintf("<%s:%d>", kind, n) }

// Redact gives the shape of a JSON text. What is no JSON is a string `<text:n>`.
func Redact(raw []byte) json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var b bytes.Buffer
	if redactValue(&b, dec, "", 0) != nil || more(dec) {
		return json.RawMessage(`"` + mark(kindText, len(raw)) + `"`)
	}
	return b.Bytes()
}

// more tells whether something follows a value.
func more(dec *json.Decoder) bool {
	_, err := dec.Token()
	return err != io.EOF
}

// maxDepth is deeper than anything of WeChat's.
const maxDepth = 64

// redactValue writes the shape of the next value, which stands in a field of this name.
func redactValue(b *bytes.Buffer, dec *json.Decoder, name string, depth int) error {
	if depth > maxDepth {
		return io.ErrUnexpectedEOF
	}
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprintf(b, "%t", v)
	case json.Number:
		if name == "errcode" && isErrcode(v.String()) {
			b.WriteString(v.String())
		} else {
			b.WriteString(`"` + mark(kindNumber, len(v.String())) + `"`)
		}
	case string:
		b.WriteString(`"` + mark(kindString, utf8.RuneCountInString(v)) + `"`)
	case json.Delim:
		b.WriteString(v.String())
		for first := true; dec.More(); first = false {
			if !first {
				b.WriteByte(',')
			}
			field := ""
			if v == '{' {
				token, err := dec.Token()
				if err != nil {
					return err
				}
				field, _ = token.(string)
				b.WriteString(`"` + fieldName(field) + `":`)
			}
			if err := redactValue(b, dec, field, depth+1); err != nil {
				return err
			}
		}
		end, err := dec.Token()
		if err != nil {
			return err
		}
		b.WriteString(end.(json.Delim).String())
	}
	return nil
}

// names is what WeChat's names of fields look like. Nothing with a capital in its middle more than thrice, a letter that is not
// ASCII or a digit is one, but for one digit at the end, as in custom_field1: an id or a code has more of such.
var names = regexp.MustCompile(`\A[A-Za-z][a-z]{0,15}(?:[A-Z][a-z]{1,15}){0,3}\z|\A[a-z]{1,16}(?:_[a-z]{1,16}){0,7}\z|\A[a-z]{1,16}(?:_[a-z]{1,16}){1,7}[1-9]\z`)

// fieldName is the name of a field, if it is one.
func fieldName(name string) string {
	if names.MatchString(name) {
		return name
	}
	return mark(kindName, utf8.RuneCountInString(name))
}

// isErrcode tells whether a number can be one of WeChat's: none has more than seven digits.
func isErrcode(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return len(digits) <= 7 && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// RedactQuery gives the shape of parameters.
func RedactQuery(query map[string][]string) map[string]string {
	if len(query) == 0 {
		return nil
	}
	shape := make(map[string]string, len(query))
	for name, values := range query {
		n := 0
		for _, v := range values {
			n += utf8.RuneCountInString(v)
		}
		shape[fieldName(name)] = mark(kindString, n)
	}
	return shape
}
