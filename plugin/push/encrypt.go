package push

import (
	"bytes"
	"iter"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// minEncrypt is the length of the shortest encrypted part there is: two blocks in base64.
const minEncrypt = 44

// encrypts gives what may be the encrypted part of an envelope, wherever it stands: in compatible mode (兼容模式) it comes behind
// what a user has written, which need not be well-formed. Which of them is WeChat's, its signature tells.
func encrypts(body []byte, d document) iter.Seq[string] {
	return func(yield func(string) bool) {
		read := d.fields[fieldEncrypt]
		if read != "" && !yield(read) {
			return
		}
		for _, text := range parts(body, d.format) {
			if text != read && !yield(text) {
				return
			}
		}
	}
}

// lastEncrypt is where the encrypted part of a document stands that is not whole: at its end.
func lastEncrypt(text []byte) (last span) {
	for at := range parts(text, formatOf(text)) {
		last = at
	}
	return last
}

// parts finds encrypted parts without reading the document, and where they stand. Anybody can send what it looks through: it
// looks at each byte a few times and no more.
func parts(text []byte, format Format) iter.Seq2[span, string] {
	next := xmlPart
	if format == JSON {
		next = jsonPart
	}
	return func(yield func(span, string) bool) {
		for at := 0; ; {
			begin, end, part := next(text[at:])
			if end == 0 {
				return
			}
			if len(part) >= minEncrypt && !yield(span{at + begin, at + end}, part) {
				return
			}
			at += end
		}
	}
}

// xmlPart finds <Encrypt>…</Encrypt>. end is where to look on; 0: there is none any more.
func xmlPart(text []byte) (begin, end int, part string) {
	tag := []byte("<" + fieldEncrypt)
	begin = bytes.Index(text, tag)
	if begin < 0 {
		return 0, 0, ""
	}
	rest := text[begin+len(tag):]
	end = begin + len(tag)
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(rest, blanks), []byte(">"))
	if !ok {
		return begin, end, ""
	}
	rest = bytes.TrimPrefix(bytes.TrimLeft(rest, blanks), cdataBegin)
	n := bytes.IndexAny(rest, "<]")
	if n < 0 {
		return begin, len(text), ""
	}
	value := strings.Trim(string(rest[:n]), blanks)
	rest = bytes.TrimLeft(bytes.TrimPrefix(rest[n:], cdataEnd), blanks)
	rest, ok = bytes.CutPrefix(rest, []byte("</"+fieldEncrypt))
	if ok {
		rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, blanks), []byte(">"))
	}
	if !ok {
		return begin, end, ""
	}
	return begin, len(text) - len(rest), value
}

// jsonPart finds "Encrypt":"…". end is where to look on; 0: there is none any more.
func jsonPart(text []byte) (begin, end int, part string) {
	name := []byte(`"` + fieldEncrypt + `"`)
	begin = bytes.Index(text, name)
	if begin < 0 {
		return 0, 0, ""
	}
	end = begin + len(name)
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(text[end:], blanks), []byte(":"))
	rest = bytes.TrimLeft(rest, blanks)
	if !ok || len(rest) == 0 || rest[0] != '"' {
		return begin, end, ""
	}
	n := 1
	for n < len(rest) && rest[n] != '"' {
		if rest[n] == '\\' {
			n++
		}
		n++
	}
	if n >= len(rest) {
		return begin, len(text), ""
	}
	value, _ := scalar(jsonscan.MarkControls(rest[:n+1]))
	return begin, len(text) - len(rest) + n + 1, value
}
