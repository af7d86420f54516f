package card

import (
	"slices"
	"unicode/utf8"
)

// AppendString appends s as a JSON string literal. Unlike encoding/json it
// writes everything printable as it is, `<`, `>` and `&` among it: WeChat's
// servers refuse \u escapes. Of the control characters those that have no short
// escape must have a \u one all the same. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends the inside of the literal.
func appendEscaped(dst []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[done:i]...)
				dst = append(dst, "\uFFFD"...)
				done = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[done:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF])
		}
		i++
		done = i
	}
	return append(dst, s[done:]...)
}

// escapeAgain escapes b[start:], which appendEscaped wrote, once more, for a
// literal inside a literal. After the first time no control characters and no
// invalid UTF-8 are left: only quotation marks and backslashes count.
func escapeAgain(b []byte, start int) []byte {
	n := 0
	for _, c := range b[start:] {
		if c == '"' || c == '\\' {
			n++
		}
	}
	from := len(b)
	b = slices.Grow(b, n)[:from+n]
	// From the end, so that nothing is overwritten before it has been moved;
	// once to and from meet, the rest stands where it belongs.
	for to := len(b); to > from; {
		from--
		to--
		b[to] = b[from]
		if b[to] == '"' || b[to] == '\\' {
			to--
			b[to] = '\\'
		}
	}
	return b
}
