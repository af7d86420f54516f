package stored

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// thinkPrefix stands before what ThinkPHP 5 serialised.
const thinkPrefix = "think_serialize:"

// symfonyValue is the class in which Symfony's caches wrap a value that has tags; symfonyKey begins the key that older ones use.
const (
	symfonyValue = "\xA9"
	symfonyKey   = '\x9D'
)

var (
	errPHP     = errors.New("it begins as PHP's serialize writes and is not that")
	errPHPDeep = errors.New("what PHP serialised there is nested too deeply")
)

// isPHP tells whether a text begins as PHP's serialize writes. No token does: none has a colon.
func isPHP(text []byte) bool {
	if bytes.HasPrefix(text, []byte(thinkPrefix)) || string(text) == "N;" {
		return true
	}
	return len(text) > 2 && text[1] == ':' && strings.IndexByte("sSaOidb", text[0]) >= 0
}

// readPHP reads a value and gives it as JSON: arrays and objects as objects with their keys in order, members of objects
// by their plain names.
func readPHP(text []byte) (json.RawMessage, error) {
	p := php{rest: string(bytes.TrimPrefix(text, []byte(thinkPrefix)))}
	if err := p.value(0); err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, errPHP
	}
	return p.out.Bytes(), nil
}

// php reads what PHP's serialize writes. https://www.php.net/serialize
type php struct {
	rest string
	out  bytes.Buffer
}

// value reads one value.
func (p *php) value(depth int) error {
	if depth > maxDepth {
		return errPHPDeep
	}
	if p.take("N;") {
		p.out.WriteString("null")
		return nil
	}
	if len(p.rest) < 2 || p.rest[1] != ':' {
		return errPHP
	}
	kind := p.rest[0]
	p.rest = p.rest[2:]
	switch kind {
	case 's', 'S': // the text of S may have escapes, but a token needs none
		text, err := p.text()
		if err != nil || !p.take(";") {
			return errPHP
		}
		return p.string(text)
	case 'i', 'd', 'b', 'r', 'R':
		text, ok := p.until(';')
		if !ok {
			return errPHP
		}
		return p.scalar(kind, text)
	case 'O':
		class, err := p.text()
		if err != nil || !p.take(":") {
			return errPHP
		}
		return p.members(depth, class)
	case 'a':
		return p.members(depth, "")
	}
	return errPHP
}

// scalar writes a number, a boolean, or a reference to another value, which nobody follows here.
func (p *php) scalar(kind byte, text string) error {
	switch kind {
	case 'i':
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errPHP
		}
		p.out.WriteString(strconv.FormatInt(n, 10))
	case 'd':
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errPHP
		}
		if math.IsNaN(n) || math.IsInf(n, 0) {
			p.out.WriteString("null")
		} else {
			p.out.WriteString(strconv.FormatFloat(n, 'g', -1, 64))
		}
	case 'b':
		if text != "0" && text != "1" {
			return errPHP
		}
		p.out.WriteString(strconv.FormatBool(text == "1"))
	default:
		if _, err := strconv.ParseUint(text, 10, 32); err != nil {
			return errPHP
		}
		p.out.WriteString("null")
	}
	return nil
}

// members reads the rest of an array or an object: how many there are, then key and value of each.
func (p *php) members(depth int, class string) error {
	count, ok := p.number(':')
	if !ok || !p.take("{") || count > len(p.rest)/4 {
		return errPHP
	}
	if (class == symfonyValue || class == "" && count == 1 && p.isSymfonyKey()) && count > 0 {
		return p.wrapped(depth, count)
	}
	p.out.WriteByte('{')
	for i := range count {
		if i > 0 {
			p.out.WriteByte(',')
		}
		if err := p.key(); err != nil {
			return err
		}
		p.out.WriteByte(':')
		if err := p.value(depth + 1); err != nil {
			return err
		}
	}
	p.out.WriteByte('}')
	if !p.take("}") {
		return errPHP
	}
	return nil
}

// wrapped reads the value in a wrapper of Symfony's: the first member's. What else there is are tags.
func (p *php) wrapped(depth, count int) error {
	for i := range count {
		before := p.out.Len()
		if err := p.key(); err != nil {
			return err
		}
		p.out.Truncate(before)
		if err := p.value(depth + 1); err != nil {
			return err
		}
		if i > 0 {
			p.out.Truncate(before)
		}
	}
	if !p.take("}") {
		return errPHP
	}
	return nil
}

// isSymfonyKey tells whether a key comes that marks a value with its expiry.
func (p *php) isSymfonyKey() bool {
	rest, ok := strings.CutPrefix(p.rest, `s:10:"`)
	return ok && len(rest) > 10 && rest[0] == symfonyKey && rest[5] == 0 && rest[9] == '_'
}

// key reads the key of an array or the name of an object's member. A private or protected one has NULs about its class.
func (p *php) key() error {
	switch {
	case p.take("i:"):
		text, ok := p.until(';')
		if _, err := strconv.ParseInt(text, 10, 64); !ok || err != nil {
			return errPHP
		}
		return p.string(text)
	case p.take("s:"):
		text, err := p.text()
		if err != nil || !p.take(";") {
			return errPHP
		}
		return p.string(memberName(text))
	}
	return errPHP
}

// string writes a text as JSON.
func (p *php) string(text string) error {
	return writeText(&p.out, text)
}

// text reads length:"bytes".
func (p *php) text() (string, error) {
	n, ok := p.number(':')
	if !ok || !p.take(`"`) || n >= len(p.rest) || p.rest[n] != '"' {
		return "", errPHP
	}
	text := p.rest[:n]
	p.rest = p.rest[n+1:]
	return text, nil
}

// number reads a length or a count, and what must follow it.
func (p *php) number(end byte) (int, bool) {
	text, ok := p.until(end)
	if !ok || len(text) > 6 {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil
}

// until takes everything before end, and end.
func (p *php) until(end byte) (string, bool) {
	text, rest, ok := strings.Cut(p.rest, string(end))
	if ok {
		p.rest = rest
	}
	return text, ok
}

func (p *php) take(what string) bool {
	rest, ok := strings.CutPrefix(p.rest, what)
	if ok {
		p.rest = rest
	}
	return ok
}
