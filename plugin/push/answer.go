package push

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// Answer says what the body of a 2xx answer is to a message.
type Answer uint8

// The answers.
const (
	Nonsense Answer = iota // neither of these: a page, {"code":0} … WeChat would not take it, and show the user an error
	Success                // the message was accepted, and there is nothing to be said
	Reply                  // a reply for the user (被动回复)
)

// AnswerOf tells what a backend's answer to a message of that format is: Success, in any letter case and between quotes too,
// or empty; a reply if its first tag is <xml>, or if it is a JSON object with MsgType. No more of a reply is checked.
func AnswerOf(format Format, body []byte) Answer {
	text := trim(body)
	switch {
	case len(text) == 0, strings.EqualFold(string(unquote(text)), "success"):
		return Success
	case format == JSON && isMessage(text), format == XML && hasRoot(text):
		return Reply
	}
	return Nonsense
}

// IsPage tells whether a text begins as HTML does.
func IsPage(body []byte) bool {
	text := withoutProlog(trim(body))
	return hasPrefixFold(text, "<!doctype") || hasPrefixFold(text, "<html")
}

// trim takes byte order marks and white space away at both ends. There may be several marks: PHP writes that of each file that
// is included.
func trim(text []byte) []byte {
	return bytes.TrimFunc(text, func(r rune) bool { return r == mark || unicode.IsSpace(r) })
}

// unquote takes one pair of quotes away.
func unquote(text []byte) []byte {
	if n := len(text); n > 1 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		return trim(text[1 : n-1])
	}
	return text
}

func hasRoot(text []byte) bool {
	rest, ok := bytes.CutPrefix(withoutProlog(text), []byte("<xml"))
	return ok && len(rest) > 0 && strings.IndexByte(blanks+">", rest[0]) >= 0
}

func isMessage(text []byte) bool {
	if text[0] != '{' || !json.Valid(text) {
		return false
	}
	for name := range jsonscan.Members(text) {
		if name == fieldMsgType {
			return true
		}
	}
	return false
}

// withoutProlog skips what may stand before the first tag: an XML declaration, and comments.
func withoutProlog(text []byte) []byte {
	for {
		end := commentEnd
		switch {
		case bytes.HasPrefix(text, commentBegin):
		case bytes.HasPrefix(text, []byte("<?")):
			end = []byte("?>")
		default:
			return text
		}
		_, rest, found := bytes.Cut(text, end)
		if !found {
			return nil
		}
		text = bytes.TrimLeft(rest, blanks)
	}
}

func hasPrefixFold(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(string(text[:len(prefix)]), prefix)
}
