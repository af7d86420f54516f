package push

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScanner takes XML apart byte by byte. It minds where things begin and end, and nothing of what is in a text: control
// characters, any bytes. It knows what WeChat writes, and takes attributes, document types and processing instructions for
// the end of what can be read.
type xmlScanner struct{ rest []byte }

type xmlKind uint8

const (
	xmlEnd     xmlKind = iota
	xmlBroken          // what follows is not understood
	xmlOpen            // a start tag; its name
	xmlClose           // an end tag; its name
	xmlEmpty           // an element without content; its name
	xmlText            // a text with its entities
	xmlCDATA           // a text as it is
	xmlComment         // a comment
)

var (
	cdataBegin, cdataEnd     = []byte("<![CDATA["), []byte("]]>")
	commentBegin, commentEnd = []byte("<!--"), []byte("-->")
)

// declaration skips the XML declaration, and gives the encoding that it names in lower case; "" for none.
func (s *xmlScanner) declaration() (encoding string) {
	text := bytes.TrimLeft(s.rest, blanks)
	if !bytes.HasPrefix(text, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(text, []byte("?>"))
	if end < 0 || strings.IndexByte(blanks, text[5]) < 0 {
		return ""
	}
	s.rest = text[end+2:]
	_, named, found := strings.Cut(string(text[5:end]), "encoding")
	named = strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(named, blanks), "="), blanks)
	if !found || named == "" {
		return ""
	}
	named, _, _ = strings.Cut(named[1:], named[:1]) // between quotes of either kind
	return strings.ToLower(named)
}

// next gives the next piece, and its name or text.
func (s *xmlScanner) next() (kind xmlKind, part []byte) {
	text := s.rest
	between := func(kind xmlKind, begin, end []byte) (xmlKind, []byte) {
		i := bytes.Index(text[len(begin):], end)
		if i < 0 {
			return xmlBroken, nil
		}
		part := text[len(begin):][:i]
		s.rest = text[len(begin)+i+len(end):]
		return kind, part
	}
	switch {
	case len(text) == 0:
		return xmlEnd, nil
	case text[0] != '<':
		i := bytes.IndexByte(text, '<')
		if i < 0 {
			i = len(text)
		}
		s.rest = text[i:]
		return xmlText, text[:i]
	case bytes.HasPrefix(text, cdataBegin):
		return between(xmlCDATA, cdataBegin, cdataEnd)
	case bytes.HasPrefix(text, commentBegin):
		return between(xmlComment, commentBegin, commentEnd)
	}
	kind, part = between(xmlOpen, text[:1], []byte(">"))
	if kind == xmlBroken {
		return kind, nil
	}
	if name, ok := bytes.CutPrefix(part, []byte("/")); ok {
		kind, part = xmlClose, name
	} else if name, ok := bytes.CutSuffix(part, []byte("/")); ok {
		kind, part = xmlEmpty, name
	}
	part = bytes.TrimRight(part, blanks)
	if len(part) == 0 || bytes.ContainsAny(part, blanks+`<>&'"=/!?`) {
		return xmlBroken, nil
	}
	return kind, part
}

// unescape resolves the entities that XML has without a declaration. ok is false where a reader might find another text.
func unescape(text string) (plain string, ok bool) {
	if strings.Contains(text, "]]>") {
		return "", false
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "&")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, found := strings.Cut(rest, ";")
		r, known := entities[name]
		if number, isNumber := strings.CutPrefix(name, "#"); isNumber {
			r, known = reference(number)
		}
		if !found || !known {
			return "", false
		}
		b.WriteRune(r)
		text = after
	}
}

var entities = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "apos": '\'', "quot": '"'}

// reference reads the number of a character reference.
func reference(number string) (rune, bool) {
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune && utf8.ValidRune(rune(n))
}
