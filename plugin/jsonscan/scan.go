// Package jsonscan walks through JSON and edits it without decoding it: what is not touched stays byte for byte.
package jsonscan

import "iter"

// This file takes JSON apart that json.Valid has approved of: nothing here checks for its ends.

// Member is a member of an object, and where it stands there.
type Member struct {
	Name       string
	Start      int // of the name
	Value, End int // the value's first byte, and that behind its last one
}

// Walk gives the members of an object, which must be valid JSON without blanks around it.
func Walk(object Text) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for i := object.Blanks(1); object.At(i) == '"'; {
			end, _ := object.String(i)
			name, _ := DecodeString(object[i:end])
			m := Member{Name: name, Start: i, Value: object.Blanks(object.Past(end, ':'))}
			m.End = object.skip(m.Value)
			if !yield(m) {
				return
			}
			i = object.Blanks(object.Past(m.End, ','))
		}
	}
}

// Members gives the names and values of an object, which must be valid JSON without blanks around it.
func Members(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for m := range Walk(object) {
			if !yield(m.Name, object[m.Value:m.End]) {
				return
			}
		}
	}
}

// Elements gives the values of an array, which must be valid JSON without blanks around it.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		text := Text(array)
		for i := text.Blanks(1); i < len(text) && text[i] != ']'; {
			end := text.skip(i)
			if !yield(text[i:end]) {
				return
			}
			i = text.Blanks(text.Past(end, ','))
		}
	}
}

// skip skips any value.
func (t Text) skip(i int) int {
	for depth := 0; ; {
		switch t[i] {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
		default:
			i = t.Scalar(i)
		}
		if depth == 0 {
			return i
		}
	}
}
