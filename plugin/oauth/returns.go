package oauth

import (
	"path"
	"strings"
	"unicode/utf8"
)

// maxReturn bounds an address to go back to, in bytes: with it the cookie of an attempt is still one that browsers keep.
const maxReturn = 2048

// ReturnTo gives an address that a visitor may go back to as it is to stand in a Location: a path of the site's own, or one of
// whole addresses whose origin is among those listed, as it stands there. It is not ok for anything that a browser could take for
// another place, and for what lies below own, for that would be a circle. origins are as field.ParseOrigin gives them.
func ReturnTo(text string, origins []string, own string) (address string, ok bool) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, isTricky) {
		return "", false
	}
	origin, rest := "", text
	if !strings.HasPrefix(text, "/") {
		if origin, rest, ok = cutOrigin(text, origins); !ok {
			return "", false
		}
	}
	end := strings.IndexAny(rest, "?#")
	if end < 0 {
		end = len(rest)
	}
	decoded := strings.ReplaceAll(decode(rest[:end]), `\`, "/")
	if origin == "" && leadsAway(decoded) {
		return "", false
	}
	if clean := path.Clean(decoded); clean == own || strings.HasPrefix(clean, own+"/") {
		return "", false
	}
	address = origin + escape(rest)
	return address, len(address) <= maxReturn
}

// isTricky tells what browsers drop from addresses, or take for a slash.
func isTricky(r rune) bool { return r < ' ' || r == 0x7F || r == '\\' }

// cutOrigin takes a listed origin off an address. What is left begins with a slash.
func cutOrigin(text string, origins []string) (origin, rest string, ok bool) {
	for _, origin := range origins {
		rest, found := strings.CutPrefix(text, origin)
		switch {
		case !found:
		case strings.HasPrefix(rest, "/"):
			return origin, rest, true
		case rest == "", rest[0] == '?', rest[0] == '#':
			return origin, "/" + rest, true
		}
	}
	return "", "", false
}

// leadsAway tells whether a path begins with two slashes, or would once its dots are gone: what is behind them could be taken for a host,
// if not by browsers, then by somebody on the way.
func leadsAway(decoded string) bool {
	var kept []string
	for part := range strings.SplitSeq(decoded[1:], "/") {
		switch part {
		case ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, part)
		}
	}
	return strings.HasPrefix(decoded, "//") || len(kept) > 1 && kept[0] == ""
}

// decode decodes what can be decoded of a path.
func decode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := strings.IndexByte(hexDigits, lower(s[i+1])), strings.IndexByte(hexDigits, lower(s[i+2]))
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const hexDigits = "0123456789abcdef"

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// escape encodes what may not stand in a header, as browsers encode it.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ', c >= 0x7F, c == '"', c == '<', c == '>':
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
