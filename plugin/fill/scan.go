package fill

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// maxDepth is how deep arrays and objects may be nested.
const maxDepth = 10000

// none stands in the place of an index into scanner.parts.
const none = -1

// scanner goes through a JSON text once. Its methods take the index of a value's first byte and give that behind its last
// one, or jsonscan.NoJSON.
type scanner struct {
	text  jsonscan.Text
	parts []Part // every object that has the name of one; kept or not
}

func (s *scanner) document() bool {
	i := 0
	if len(s.text) >= 3 && string(s.text[:3]) == "\uFEFF" {
		i = 3
	}
	if i = s.value(s.text.Blanks(i), 0, none); i == jsonscan.NoJSON {
		return false
	}
	return s.text.Blanks(i) == len(s.text)
}

// value scans any value. part is for an object: see there.
func (s *scanner) value(i, depth, part int) int {
	switch s.text.At(i) {
	case '{':
		return s.object(i, depth+1, part)
	case '[':
		return s.array(i, depth+1)
	case '"':
		i, _ = s.text.String(i)
		return i
	default:
		return s.text.Scalar(i)
	}
}

func (s *scanner) array(i, depth int) int {
	if depth > maxDepth {
		return jsonscan.NoJSON
	}
	i++
	if end := s.text.Past(i, ']'); end != jsonscan.NoJSON {
		return end
	}
	for {
		i = s.value(s.text.Blanks(i), depth, none)
		next := s.text.Past(i, ',')
		if next == jsonscan.NoJSON {
			return s.text.Past(i, ']')
		}
		i = next
	}
}

// object scans an object. part, unless none, is the index of the Part that the object may turn out to be.
func (s *scanner) object(i, depth, part int) int {
	if depth > maxDepth {
		return jsonscan.NoJSON
	}
	i++
	if end := s.text.Past(i, '}'); end != jsonscan.NoJSON {
		return end
	}
	var cardID []byte
	var hasAppID bool
	cardExt, extraData := none, none
	for {
		i = s.text.Blanks(i)
		end, escaped := s.text.String(i)
		start := s.text.Blanks(s.text.Past(end, ':'))
		if start == jsonscan.NoJSON {
			return jsonscan.NoJSON
		}
		name := s.text[i+1 : end-1]
		if escaped {
			name = decode(s.text[i:end])
		}

		inner, isID := none, false
		switch string(name) {
		case "cardExt":
			inner = s.begin(CardExt, start)
			cardExt = inner
		case "extraData":
			inner = s.begin(ExtraData, start)
			extraData = inner
		case "cardId":
			isID = true
		case "appId":
			hasAppID = true
		}
		if i = s.value(start, depth, inner); i == jsonscan.NoJSON {
			return jsonscan.NoJSON
		}
		if inner != none {
			s.parts[inner].end = i
		}
		if isID {
			cardID = s.text[start:i]
		}
		if part != none {
			s.parts[part].take(name, s.text[start:i])
		}

		next := s.text.Past(i, ',')
		if next == jsonscan.NoJSON {
			break
		}
		i = next
	}
	if cardExt != none {
		s.parts[cardExt].settle(cardID, hasAppID)
	}
	if extraData != none {
		s.parts[extraData].settle(nil, hasAppID)
	}
	return s.text.Past(i, '}')
}

// begin adds a Part, if there is an object at i. An empty array is one, too, in the place of a cardExt: PHP writes an empty
// array like that, whatever it stands for.
func (s *scanner) begin(kind Kind, i int) int {
	switch s.text.At(i) {
	case '{':
	case '[':
		if kind != CardExt || s.text.Past(i+1, ']') == jsonscan.NoJSON {
			return none
		}
	default:
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
