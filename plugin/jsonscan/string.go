package jsonscan

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

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
