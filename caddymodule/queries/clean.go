package queries

import (
	"net/http"
	"strings"
)

// RemoveForged removes params from the query of r.
func RemoveForged(r *http.Request, params []Param) {
	Edit(r, func(raw string) string {
		clean, _ := Clean(raw, params)
		return clean
	})
}

// Clean returns raw without the parameters that a backend could take for one of params, the rest byte for byte,
// and whether there were any. In doubt it removes: `;` separates, too, as in older frameworks.
func Clean(raw string, params []Param) (clean string, forged bool) {
	var b strings.Builder
	kept := 0 // of the parts; the first one goes without its separator
	for start := 0; start <= len(raw); {
		end := start
		for end < len(raw) && raw[end] != '&' && raw[end] != ';' {
			end++
		}
		if isForgedParam(raw[start:end], params) {
			if !forged { // what came before stays as it is
				forged = true
				b.Grow(len(raw))
				b.WriteString(raw[:max(start-1, 0)])
			}
		} else {
			if forged {
				if kept > 0 {
					b.WriteByte(raw[start-1])
				}
				b.WriteString(raw[start:end])
			}
			kept++
		}
		start = end + 1
	}
	if !forged {
		return raw, false
	}
	return b.String(), true
}

// isForgedParam tells whether a backend could take part, one pair of a query, for one of params.
//
// PHP decodes the name, ends it at a NUL, ignores leading blanks, reads ` `, `.` and an unclosed `[` as `_`, and takes
// name[…] for an array of that name. Rack ignores brackets in front of the name, qs (Express) reads [name] as name,
// ASP.NET decodes %u0061 and ignores letter case.
func isForgedParam(part string, params []Param) bool {
	if part == "" {
		return false
	}
	var buf [64]byte
	name := decodeParamName(buf[:0], part)
	bare := name
	for len(bare) > 0 && (bare[0] == ' ' || bare[0] == '[' || bare[0] == ']') {
		bare = bare[1:]
	}
	head := bare
	for i, c := range bare {
		if c == '[' || c == ']' {
			head = bare[:i]
			break
		}
	}
	for i := range params {
		folded := params[i].Folded
		if sameParam(head, folded) || sameParam(bare, folded) || sameParam(name, folded) {
			return true
		}
	}
	return false
}

func sameParam(name []byte, folded string) bool {
	if len(name) != len(folded) {
		return false
	}
	for i, c := range name {
		if foldParamByte(c) != folded[i] {
			return false
		}
	}
	return true
}

// decodeParamName appends the decoded name of part to dst, up to a NUL. Invalid escapes stand for themselves.
func decodeParamName(dst []byte, part string) []byte {
	for i := 0; i < len(part); i++ {
		c := part[i]
		switch {
		case c == '=':
			return dst
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(part):
			if b, ok := HexPair(part[i+1], part[i+2]); ok {
				c = b
				i += 2
			} else if i+5 < len(part) && (part[i+1] == 'u' || part[i+1] == 'U') && part[i+2:i+4] == "00" {
				if b, ok := HexPair(part[i+4], part[i+5]); ok {
					c = b
					i += 5
				}
			}
		}
		if c == 0 {
			return dst
		}
		dst = append(dst, c)
	}
	return dst
}
