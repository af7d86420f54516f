package fill

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// maxDepth is how deep arrays and objects may be nested.
const maxDepth = 10000

// broken stands in the place of an index where the text is no JSON.
const broken = -1

// none stands in the place of an index into scanner.parts.
const none = -1

// scanner goes through a JSON text once. Its methods take the index of a value's first byte and give that behind its last
// one, or broken.
type scanner struct {
	text  []byte
	parts []Part // every object that has the name of one; kept or not
}

func (s *scanner) document() bool {
	i := 0
	if len(s.text) >= 3 && string(s.text[:3]) == "\uFEFF" {
		i = 3
	}
	if i = s.value(s.blanks(i), 0, none); i == broken {
		return false
	}
	return s.blanks(i) == len(s.text)
}

// at gives the byte at i, or 0, which stands nowhere between the values of JSON.
func (s *scanner) at(i int) byte {
	if i < len(s.text) {
		return s.text[i]
	}
	return 0
}

// blanks skips blanks. There are none in most texts, which is found out without a call.
func (s *scanner) blanks(i int) int {
	if i < len(s.text) && s.text[i] <= ' ' {
		return s.moreBlanks(i)
	}
	return i
}

func (s *scanner) moreBlanks(i int) int {
	for i < len(s.text) && s.text[i] <= ' ' {
		switch s.text[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// value scans any value. part is for an object: see there.
func (s *scanner) value(i, depth, part int) int {
	switch c := s.at(i); c {
	case '{':
		return s.object(i, depth+1, part)
	case '[':
		return s.array(i, depth+1)
	case '"':
		i, _ = s.str(i)
		return i
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	default:
		return s.number(i)
	}
}

func (s *scanner) array(i, depth int) int {
	if depth > maxDepth {
		return broken
	}
	if i = s.blanks(i + 1); s.at(i) == ']' {
		return i + 1
	}
	for {
		if i = s.value(i, depth, none); i == broken {
			return broken
		}
		switch i = s.blanks(i); s.at(i) {
		case ',':
			i = s.blanks(i + 1)
		case ']':
			return i + 1
		default:
			return broken
		}
	}
}

// object scans an object. part, unless none, is the index of the Part that the object may turn out to be.
func (s *scanner) object(i, depth, part int) int {
	if depth > maxDepth {
		return broken
	}
	if i = s.blanks(i + 1); s.at(i) == '}' {
		return i + 1
	}
	var cardID []byte
	var hasAppID bool
	cardExt, extraData := none, none
	var cardExtEnd, extraDataEnd int
	for {
		if s.at(i) != '"' {
			return broken
		}
		end, escaped := s.str(i)
		if end == broken {
			return broken
		}
		name := s.text[i+1 : end-1]
		if escaped {
			name = decode(s.text[i:end])
		}
		if i = s.blanks(end); s.at(i) != ':' {
			return broken
		}
		i = s.blanks(i + 1)

		start, inner := i, none
		switch string(name) {
		case "cardExt":
			inner = s.begin(CardExt, i)
			cardExt = inner
		case "extraData":
			inner = s.begin(ExtraData, i)
			extraData = inner
		}
		if i = s.value(i, depth, inner); i == broken {
			return broken
		}
		value := s.text[start:i]
		switch string(name) {
		case "cardExt":
			cardExtEnd = i
		case "extraData":
			extraDataEnd = i
		case "cardId":
			cardID = value
		case "appId":
			hasAppID = true
		}
		if part != none {
			s.parts[part].take(name, value)
		}

		switch i = s.blanks(i); s.at(i) {
		case ',':
			i = s.blanks(i + 1)
		case '}':
			if cardExt != none {
				s.parts[cardExt].settle(cardExtEnd, cardID, hasAppID)
			}
			if extraData != none {
				s.parts[extraData].settle(extraDataEnd, nil, hasAppID)
			}
			return i + 1
		default:
			return broken
		}
	}
}

// begin adds a Part, if there is an object at i.
func (s *scanner) begin(kind Kind, i int) int {
	if s.at(i) != '{' {
		return none
	}
	s.parts = append(s.parts, Part{Kind: kind, start: i})
	return len(s.parts) - 1
}

// decode decodes a string that has been scanned.
func decode(raw []byte) []byte {
	var name string
	_ = json.Unmarshal(raw, &name) // it is valid
	return []byte(name)
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// str scans a string, and tells whether it has escapes.
func (s *scanner) str(i int) (end int, escaped bool) {
	text := s.text
	i++
	for {
		// Eight bytes at a time, up to one that ends the string, begins an escape or must not be there. With bit 1 turned
		// over, a quotation mark is less than 0x21, as are control characters and nothing else. Of the high bits that the
		// subtractions leave the lowest is right; those above it may be wrong.
		for i+8 <= len(text) {
			word := binary.LittleEndian.Uint64(text[i:])
			found := (((word ^ ones*2) - ones*0x21) | ((word ^ ones*'\\') - ones)) &^ word & highs
			if found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(text) {
			return broken, escaped
		}
		switch c := text[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = s.escape(i); i == broken {
				return broken, escaped
			}
		case c < ' ':
			return broken, escaped
		default: // near the end of the text
			i++
		}
	}
}

// escape scans an escape in a string.
func (s *scanner) escape(i int) int {
	switch s.at(i + 1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		for j := i + 2; j < i+6; j++ {
			if !isHex(s.at(j)) {
				return broken
			}
		}
		return i + 6
	}
	return broken
}

func (s *scanner) literal(i int, word string) int {
	if end := i + len(word); end <= len(s.text) && string(s.text[i:end]) == word {
		return end
	}
	return broken
}

func (s *scanner) number(i int) int {
	if s.at(i) == '-' {
		i++
	}
	switch {
	case s.at(i) == '0':
		i++
	case isDigit(s.at(i)):
		i = s.digits(i)
	default:
		return broken
	}
	if s.at(i) == '.' {
		if i++; !isDigit(s.at(i)) {
			return broken
		}
		i = s.digits(i)
	}
	if c := s.at(i); c == 'e' || c == 'E' {
		i++
		if c := s.at(i); c == '+' || c == '-' {
			i++
		}
		if !isDigit(s.at(i)) {
			return broken
		}
		i = s.digits(i)
	}
	return i
}

func (s *scanner) digits(i int) int {
	for isDigit(s.at(i)) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
