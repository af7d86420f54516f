package fill

// Stream notices when JSON that comes in pieces is more than one text: a stream of values, one behind the other, which whoever
// waits for the end of it waits for in vain. The zero value is ready for a beginning.
type Stream struct {
	at    place
	depth int // of arrays and objects
}

// place is where in a text a Stream is.
type place uint8

const (
	before  place = iota // in front of the first value
	scalar               // in a number or a literal that stands by itself
	inside               // in an array or an object
	quoted               // in a string
	escaped              // behind a backslash in a string
	behind               // behind a value that stands by itself
)

// Next looks at what comes next, and tells whether more than blanks stands behind a value that is complete. It does not look
// for mistakes: of what is not JSON it may say either, but never of one text that is.
func (s *Stream) Next(p []byte) bool {
	for _, c := range p {
		switch s.at {
		case quoted:
			switch c {
			case '\\':
				s.at = escaped
			case '"':
				s.leave()
			}
		case escaped:
			s.at = quoted
		case inside:
			switch c {
			case '"':
				s.at = quoted
			case '{', '[':
				s.depth++
			case '}', ']':
				s.depth--
				s.leave()
			}
		case before, scalar, behind:
			if s.top(c) {
				return true
			}
		}
	}
	return false
}

// leave is for the end of a string, an array or an object.
func (s *Stream) leave() {
	s.at = inside
	if s.depth == 0 {
		s.at = behind
	}
}

// top looks at a byte outside of arrays, objects and strings, and tells whether a second value begins with it.
func (s *Stream) top(c byte) (second bool) {
	switch c {
	case ' ', '\t', '\n', '\r':
		if s.at == scalar {
			s.at = behind
		}
		return false
	case 0xEF, 0xBB, 0xBF: // a byte order mark
		if s.at == before {
			return false
		}
	case '"', '{', '[':
		if s.at == scalar {
			return true
		}
	}
	if s.at == behind {
		return true
	}
	switch c {
	case '"':
		s.at = quoted
	case '{', '[':
		s.at = inside
		s.depth = 1
	default:
		s.at = scalar
	}
	return false
}
