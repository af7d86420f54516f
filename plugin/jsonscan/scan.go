// Package jsonscan walks through JSON and edits it without decoding it: what is not touched stays byte for byte.
package jsonscan

import (
	"bytes"
	"encoding/json"
	"iter"
	"strconv"
	"unicode/utf16"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// This file takes JSON apart that json.Valid has approved of: nothing here checks for its ends.

// Members gives the names and values of an object, which must be valid JSON without blanks around it.
func Members(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		rest := skipBlanks(object[1:])
		for rest[0] != '}' {
			n := valueLen(rest)
			name, _ := DecodeString(rest[:n])
			rest = skipBlanks(rest[n:])
			rest = skipBlanks(rest[1:]) // the colon
			n = valueLen(rest)
			if !yield(name, rest[:n]) {
				return
			}
			rest = skipComma(rest[n:])
		}
	}
}

// Elements gives the values of an array, which must be valid JSON without blanks around it.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest := skipBlanks(array[1:])
		for rest[0] != ']' {
			n := valueLen(rest)
			if !yield(rest[:n]) {
				return
			}
			rest = skipComma(rest[n:])
		}
	}
}

// skipComma goes to the next value, or to the end of what holds it.
func skipComma(b []byte) []byte {
	b = skipBlanks(b)
	if b[0] == ',' {
		b = skipBlanks(b[1:])
	}
	return b
}

func skipBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// valueLen gives the length of the value that b starts with.
func valueLen(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 { // of what holds a number, true, false or null
				return i
			}
			depth--
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(b)
}

// DecodeString decodes a string, or says why it cannot. The result may still hold control characters.
func DecodeString(raw []byte) (s string, fault language.Phrase) {
	if raw[0] != '"' {
		return "", field.FaultNoString
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), ""
	}
	if halfPair(inner) {
		return "", field.FaultSurrogate
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", field.FaultNoString
	}
	return s, ""
}

// halfPair tells whether a \u escape stands for half a surrogate pair, which encoding/json replaces without a word.
func halfPair(inner []byte) bool {
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			continue
		}
		i++
		if inner[i] != 'u' {
			continue
		}
		first := hex4(inner[i+1:])
		i += 4
		if !utf16.IsSurrogate(first) {
			continue
		}
		if len(inner) < i+7 || inner[i+1] != '\\' || inner[i+2] != 'u' {
			return true
		}
		if second := hex4(inner[i+3:]); utf16.DecodeRune(first, second) == '\uFFFD' {
			return true
		}
		i += 6
	}
	return false
}

func hex4(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(n)
}
