package jsonscan

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// NoJSON stands in the place of an index where a text is no JSON. It lies behind the end of every text: who reads on from
// there finds no JSON either.
const NoJSON = math.MaxInt / 2

// Text is a JSON text. Its methods go through it from the front and judge it as encoding/json does: they take the index of
// the first byte of what they read and give that behind its last one, or NoJSON. Bytes that are not UTF-8 inside of strings
// are none of their business, nor is how deep arrays and objects are nested: who reads a text goes down by himself.
type Text []byte

// At gives the byte at i, or 0, which stands nowhere between the values of JSON.
func (t Text) At(i int) byte {
	if i < len(t) {
		return t[i]
	}
	return 0
}

// Blanks skips blanks. There are none in most texts, which is found out without a call.
func (t Text) Blanks(i int) int {
	if i < len(t) && t[i] <= ' ' {
		return t.moreBlanks(i)
	}
	return i
}

func (t Text) moreBlanks(i int) int {
	for i < len(t) && t[i] <= ' ' {
		switch t[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// Past goes past blanks and then c: a comma, a colon or a bracket.
func (t Text) Past(i int, c byte) int {
	if i < len(t) && t[i] == c { // as in most texts, which is found out without a call
		return i + 1
	}
	return t.pastBlanks(i, c)
}

//go:noinline
func (t Text) pastBlanks(i int, c byte) int {
	if i = t.Blanks(i); t.At(i) == c {
		return i + 1
	}
	return NoJSON
}

// Scalar scans a value that is neither an object nor an array.
func (t Text) Scalar(i int) int {
	switch t.At(i) {
	case '"':
		i, _ = t.String(i)
		return i
	case 't':
		return t.literal(i, "true")
	case 'f':
		return t.literal(i, "false")
	case 'n':
		return t.literal(i, "null")
	case '-':
		i++
	}
	if t.At(i) == '0' {
		i++
	} else {
		i = t.digits(i)
	}
	c := t.At(i)
	if c == '.' {
		i = t.digits(i + 1)
		c = t.At(i)
	}
	if c == 'e' || c == 'E' {
		i++
		if c = t.At(i); c == '+' || c == '-' {
			i++
		}
		i = t.digits(i)
	}
	return i
}

func (t Text) literal(i int, word string) int {
	if end := i + len(word); end <= len(t) && string(t[i:end]) == word {
		return end
	}
	return NoJSON
}

// digits scans one digit or more.
func (t Text) digits(i int) int {
	if !field.IsDigit(t.At(i)) {
		return NoJSON
	}
	for i++; i < len(t) && field.IsDigit(t[i]); i++ {
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// String scans a string, and tells whether it has escapes.
func (t Text) String(i int) (end int, escaped bool) {
	if t.At(i) != '"' {
		return NoJSON, false
	}
	i++
	for {
		// Eight bytes at a time, up to one that ends the string, begins an escape or must not be there. With bit 1 turned
		// over, a quotation mark is less than 0x21, as are control characters and nothing else. Of the high bits that the
		// subtractions leave the lowest is right; those above it may be wrong.
		for i+8 <= len(t) {
			word := binary.LittleEndian.Uint64(t[i:])
			found := (((word ^ ones*2) - ones*0x21) | ((word ^ ones*'\\') - ones)) &^ word & highs
			if found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(t) {
			return NoJSON, escaped
		}
		switch c := t[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			switch t.At(i + 1) {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				i = t.hex(i + 2)
			default:
				return NoJSON, true
			}
		case c < ' ':
			return NoJSON, escaped
		default: // near the end of the text
			i++
		}
	}
}

// hex scans the four hexadecimal digits of an escape.
func (t Text) hex(i int) int {
	if i+4 <= len(t) && isHex(t[i]) && isHex(t[i+1]) && isHex(t[i+2]) && isHex(t[i+3]) {
		return i + 4
	}
	return NoJSON
}

func isHex(c byte) bool { return field.IsDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
