package push

import (
	"bytes"
	"strings"
)

// maxDepth is how deep the elements of a message may be nested.
const maxDepth = 32

// readXML reads <xml><Field>…</Field>…</xml>.
//
// A user's text that breaks out of its element leaves a document that is not well-formed, or one in which that element
// occurs twice with everything of the user's between. Neither is believed in what a message need not have: see settle.
func (d *document) readXML(text []byte) {
	s := xmlScanner{rest: text}
	encoding := s.declaration()
	if !hasASCII(encoding) {
		s.rest = nil
	}
	isUTF8 := encoding == "" || encoding == "utf-8" || encoding == "utf8" // of all others nothing is sure but their ASCII
	var (
		open    []string
		begun   []element // all, in order
		value   strings.Builder
		sure    = true // value is what every reader finds
		started int    // where the element at the top level begins
		rooted  bool
	)
	for {
		before := len(text) - len(s.rest)
		kind, part := s.next()
		switch kind {
		case xmlEnd:
			d.whole = rooted && len(open) == 0
			d.settle(text, begun)
			if !isUTF8 {
				d.end = 0 // what would be put in is UTF-8
			}
			return
		case xmlBroken:
			d.settle(text, begun)
			return
		case xmlComment:
			if len(open) > 0 {
				d.settle(text, begun)
				return
			}
		case xmlOpen, xmlEmpty:
			name := string(part)
			if len(open) == 0 && (rooted || name != "xml") || len(open) == maxDepth {
				d.settle(text, begun)
				return
			}
			if rooted {
				begun = append(begun, element{name, len(open) > 1})
			}
			rooted = true
			switch {
			case len(open) == 1:
				started = before
				value.Reset()
				sure = true
			case d.wanted[name]:
				d.note(name, "", false)
				fallthrough
			default:
				sure = false // elements stand in it
			}
			if kind == xmlOpen {
				open = append(open, name)
			} else if len(open) == 1 && d.wanted[name] {
				d.note(name, "", true)
			}
		case xmlClose:
			if len(open) == 0 || open[len(open)-1] != string(part) {
				d.settle(text, begun)
				return
			}
			name := open[len(open)-1]
			open = open[:len(open)-1]
			switch len(open) {
			case 0:
				d.end = before
			case 1:
				if d.wanted[name] {
					d.note(name, value.String(), sure && (isUTF8 || isASCII(value.String())))
				}
				if name == fieldEncrypt {
					d.encrypt = span{started, len(text) - len(s.rest)}
				}
			}
		case xmlText, xmlCDATA:
			switch {
			case len(open) == 0 && len(bytes.Trim(part, blanks)) > 0:
				d.settle(text, begun)
				return
			case len(open) == 2 && kind == xmlCDATA:
				value.Write(part)
			case len(open) == 2:
				plain, ok := unescape(string(part))
				sure = sure && ok
				value.WriteString(plain)
			}
		}
	}
}

// settle drops what is in doubt. Each message has a MsgType and a FromUserName, each event an Event: there is nothing to be
// forged about one that occurs once. Of a document that is not whole nothing else is believed; of one that is, what stands
// between two elements of one name, at whatever depth, may have come with the text of the first.
func (d *document) settle(text []byte, begun []element) {
	if !d.whole {
		d.end, d.encrypt = 0, lastEncrypt(text)
		for name := range d.wanted {
			d.count[name] = occurrences(text, name)
			if sure := name == fieldMsgType || name == fieldEvent || name == fieldFromUser; !sure || d.count[name] != 1 {
				delete(d.fields, name)
			}
		}
		return
	}
	first, last := make(map[string]int, len(begun)), make(map[string]int, len(begun))
	for i, e := range begun {
		if _, ok := first[e.name]; !ok {
			first[e.name] = i
		}
		last[e.name] = i
	}
	reach := -1 // the last element whose name began before
	for i, e := range begun {
		if i < reach && !e.nested && e.name != fieldMsgType && e.name != fieldEvent && e.name != fieldFromUser {
			delete(d.fields, e.name)
		}
		if first[e.name] == i {
			reach = max(reach, last[e.name])
		}
	}
}

// element is one below the root.
type element struct {
	name   string
	nested bool // it is not at the top level
}

// occurrences counts the start tags of a name, wherever they stand.
func occurrences(text []byte, name string) (n int) {
	tag := []byte("<" + name)
	for {
		i := bytes.Index(text, tag)
		if i < 0 {
			return n
		}
		if text = text[i+len(tag):]; len(text) == 0 || strings.IndexByte(blanks+"/>", text[0]) >= 0 {
			n++
		}
	}
}

// hasASCII tells whether bytes below 0x40, and with them all tags, are ASCII in an encoding.
func hasASCII(encoding string) bool {
	switch encoding {
	case "", "utf-8", "utf8", "us-ascii", "gbk", "gb2312", "gb18030", "big5", "iso-8859-1":
		return true
	}
	return false
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}
