package queries

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Param is one configured query parameter.
type Param struct {
	Assign string // the escaped name and =
	Folded string // the name as PHP would compare it
	Need   int    // index of its credential in Inject.needs
}

// NewParam makes a Param of a name that CheckName accepts. need is whatever the caller knows its value by.
func NewParam(name string, need int) Param {
	folded := []byte(name)
	for i, c := range folded {
		folded[i] = foldParamByte(c)
	}
	return Param{Assign: url.QueryEscape(name) + "=", Folded: string(folded), Need: need}
}

// CheckName says what is wrong with a configured parameter name.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("query: the parameter needs a name")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return fmt.Errorf("query %q: the parameter's name may not hold blanks or control characters", name)
	case strings.ContainsAny(name, "[]"):
		return fmt.Errorf("query %s: a parameter that is an array cannot carry a credential", name)
	}
	return nil
}

func foldParamByte(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + ('a' - 'A')
	case c == ' ' || c == '.' || c == '[':
		return '_'
	}
	return c
}
