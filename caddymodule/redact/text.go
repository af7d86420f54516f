package redact

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// maxDepth is how often what is encoded may be encoded again: an address in the query of an address, as js_config reads it.
const maxDepth = 4

// minRepeated is how long what was taken out must be to be looked for elsewhere.
const minRepeated = 6

// Text takes out what must not be logged: the values of such parameters in addresses, also in those that are encoded in others, and
// of such members in JSON. found is told each of them, as it stood there and decoded; it may be nil.
func Text(s string, found func(string)) string {
	if !strings.ContainsAny(s, "=%:") {
		return s
	}
	t := taker{found}
	return t.text(s, maxDepth)
}

// Repeated takes out values that were found elsewhere.
func Repeated(s string, values []string) string {
	for _, value := range values {
		if strings.Contains(s, value) {
			s = strings.ReplaceAll(s, value, Redacted)
		}
	}
	return s
}

// Keep adds a value to those that Repeated looks for. The longest come first, for one may hold another. An address is none of them:
// nobody shall hide his by sending it as a code.
func Keep(values []string, value string) []string {
	if _, err := netip.ParseAddr(value); err == nil || len(value) < minRepeated || value == Redacted || slices.Contains(values, value) {
		return values
	}
	i, _ := slices.BinarySearchFunc(values, value, func(a, b string) int { return len(b) - len(a) })
	return slices.Insert(values, i, value)
}

// taker takes out of one text.
type taker struct{ found func(string) }

func (t taker) take(value string) string {
	if t.found != nil && value != "" {
		t.found(value)
		if decoded := unescape(value); decoded != value {
			t.found(decoded)
		}
	}
	return Redacted
}

// text goes through a text. An address by itself is one word, whatever is in it; otherwise blanks are between words.
func (t taker) text(s string, depth int) string {
	s = t.members(s)
	if isAddress(s) || depth < maxDepth {
		return t.pairs(s, depth)
	}
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexAny(s, " \t\r\n")
		if end < 0 {
			end = len(s)
		}
		b.WriteString(t.word(s[:end], depth))
		if end < len(s) {
			end++
			b.WriteByte(s[end-1])
		}
		s = s[end:]
	}
	return b.String()
}

// isAddress tells an address, or a reference to one, from prose.
func isAddress(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// word is one of several: what is in quotation marks ends where they do.
func (t taker) word(s string, depth int) string {
	if !strings.ContainsAny(s, "=%") {
		return s
	}
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		if end := strings.LastIndexByte(rest, '"'); end >= 0 {
			return `"` + t.pairs(rest[:end], depth) + rest[end:]
		}
	}
	return t.pairs(s, depth)
}

// pairs goes through what may be an address or a query. A value ends at an & only: whatever else is in it belongs to it, while a
// name begins wherever one might.
func (t taker) pairs(s string, depth int) string {
	if !strings.ContainsAny(s, "=%") {
		return s
	}
	var b strings.Builder
	for i := 0; ; i++ {
		end := strings.IndexByte(s[i:], '&')
		if end < 0 {
			b.WriteString(t.pair(s[i:], depth))
			return b.String()
		}
		b.WriteString(t.pair(s[i:i+end], depth))
		b.WriteByte('&')
		i += end
	}
}

// pair goes through what stands between two &.
func (t taker) pair(s string, depth int) string {
	start := 0 // of a name
	for i := range len(s) {
		switch s[i] {
		case '?', '#', ';', ',', '/', '"', '\'', '(', '<', '{':
			start = i + 1
		case '=':
			if start <= i && param(s[start:i]) {
				return t.encoded(s[:start], depth) + s[start:i+1] + t.take(s[i+1:])
			}
			start = i + 1
		}
	}
	return t.encoded(s, depth)
}

// encoded looks at what is encoded in a part in which nothing stands openly.
func (t taker) encoded(s string, depth int) string {
	if depth == 0 || !strings.Contains(s, "%") {
		return s
	}
	head, value := "", s
	if i := strings.IndexByte(s, '='); i >= 0 {
		head, value = s[:i+1], s[i+1:]
	}
	decoded := unescape(value)
	if decoded == value {
		return s
	}
	clean := t.text(decoded, depth-1)
	if clean == decoded {
		return s
	}
	return head + url.QueryEscape(clean)
}

// members takes out the values of members in JSON, also where the JSON is a string in JSON.
func (t taker) members(s string) string {
	for from := 0; ; {
		colon := strings.IndexByte(s[from:], ':')
		if colon < 0 {
			return s
		}
		colon += from
		from = colon + 1
		name := strings.TrimRight(s[:colon], " \t\r\n")
		bare := strings.TrimRight(strings.TrimSuffix(name, `"`), `\`)
		if len(bare) == len(name) {
			continue // no quotation mark
		}
		if name = bare[strings.LastIndexByte(bare, '"')+1:]; !param(name) {
			continue
		}
		start := from + len(s[from:]) - len(strings.TrimLeft(s[from:], " \t\r\n"))
		end := endOfValue(s, &start)
		if start == end {
			continue
		}
		s = s[:start] + t.take(s[start:end]) + s[end:]
		from = start + len(Redacted)
	}
}

// endOfValue finds where a string or a number ends that begins at start, which moves behind a string's quotation mark.
func endOfValue(s string, start *int) int {
	open := strings.TrimLeft(s[*start:], `\`)
	escapes := len(s) - *start - len(open)
	if !strings.HasPrefix(open, `"`) {
		return *start + lengthOfOther(s[*start:])
	}
	*start += escapes + 1
	backslashes := 0
	for i := *start; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			backslashes++
			continue
		case s[i] == '"' && backslashes <= escapes:
			return i - backslashes
		}
		backslashes = 0
	}
	return len(s)
}

// lengthOfOther is that of a value that is no string: a number, or a list of what may be strings.
func lengthOfOther(s string) int {
	end := strings.IndexAny(s, ",}] \t\r\n&")
	switch {
	case strings.HasPrefix(s, "{"):
		return 0 // its members have names of their own
	case strings.HasPrefix(s, "["):
		if end = strings.IndexByte(s, ']'); end >= 0 {
			end++
		}
	}
	if end < 0 {
		return len(s)
	}
	return end
}

// unescape decodes what can be decoded.
func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b = append(b, c...)
				i += 2
				continue
			}
		}
		if s[i] == '+' {
			b = append(b, ' ')
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}
