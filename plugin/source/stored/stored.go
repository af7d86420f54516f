// Package stored reads what other programs keep in a cache: plain text, JSON, and what PHP's serialize and its extension
// igbinary write. Pure functions.
//
// php.go reads PHP's serialize, igbinary.go igbinary.
package stored

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	// MaxSize bounds what is read. A token has some 150 bytes, and what SDKs store beside it less than a KiB.
	MaxSize = 64 << 10

	maxLayers = 4  // of text in a text: JSON of a serialised JSON
	maxDepth  = 16 // of arrays in arrays, in what PHP wrote
)

// The errors hold nothing of what is stored.
var (
	errEmpty = errors.New("it is empty")
	errSize  = fmt.Errorf("it is longer than %d bytes", MaxSize)
	errJSON  = errors.New("it begins as JSON and is none")
	errPlain = errors.New("it is neither a token nor JSON nor what PHP's serialize writes")
	errDeep  = errors.New("it holds text within text too often")
)

// JSON gives what is stored as JSON: a token that stands there by itself as a string, JSON as it is, what PHP serialised as
// the same in JSON. Text that holds JSON or serialised text once more is opened. The error names the format where that is a
// known one that is not read.
func JSON(data []byte) (json.RawMessage, error) {
	if len(data) > MaxSize {
		return nil, errSize
	}
	for range maxLayers {
		raw, err := layer(data)
		if err != nil {
			return nil, err
		}
		var text string
		if raw[0] != '"' || json.Unmarshal(raw, &text) != nil || !isLayer(text) {
			return raw, nil
		}
		data = []byte(text)
	}
	return nil, errDeep
}

// TrimText takes white space and byte order marks from both ends of a text, as editors and PHP files leave them there.
func TrimText(data []byte) []byte {
	for {
		n := len(data)
		data = bytes.TrimSpace(data)
		data = bytes.TrimPrefix(data, []byte("\uFEFF"))
		data = bytes.TrimSuffix(data, []byte("\uFEFF"))
		if len(data) == n {
			return data
		}
	}
}

// IsToken tells whether a text can be a token or ticket that stands there by itself: visible ASCII without what structures
// and sentences are made of.
func IsToken(text []byte) bool {
	return len(text) > 0 && !bytes.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(marks, r) })
}

const marks = `"':;,{}[]<>\`

// layer opens one layer.
func layer(data []byte) (json.RawMessage, error) {
	if bytes.HasPrefix(data, []byte(igbinaryHeader)) {
		return readIgbinary(data)
	}
	if format := foreign(data); format != "" {
		return nil, fmt.Errorf("it is %s, which is not read: have the token stored as text, JSON or PHP's serialize", format)
	}
	text := TrimText(data)
	switch {
	case len(text) == 0:
		return nil, errEmpty
	case isJSON(text):
		if !json.Valid(text) {
			return nil, errJSON
		}
		return text, nil
	case isPHP(text):
		return readPHP(text)
	case !IsToken(text):
		return nil, errPlain
	}
	return json.Marshal(string(text))
}

// isLayer tells whether a text holds more than itself.
func isLayer(text string) bool {
	data := TrimText([]byte(text))
	return isJSON(data) || isPHP(data)
}

func isJSON(text []byte) bool {
	return len(text) > 0 && (text[0] == '{' || text[0] == '[' || text[0] == '"')
}

// foreign names a format that is not read by how its data begin.
func foreign(data []byte) string {
	for begin, name := range formats {
		if bytes.HasPrefix(data, []byte(begin)) {
			return name
		}
	}
	if i := bytes.IndexFunc(TrimText(data), func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }); i == 0 {
		return "binary"
	}
	return ""
}

// formats are those that caches of common frameworks write unless told otherwise.
var formats = map[string]string{
	"\xac\xed\x00\x05": "Java serialization (JdkSerializationRedisSerializer)",
	"\x00\x00\x00\x01": "igbinary's first version",
	"\x80\x02":         "Python's pickle",
	"\x80\x03":         "Python's pickle",
	"\x80\x04":         "Python's pickle",
	"\x80\x05":         "Python's pickle",
	"\x04\x08":         "Ruby's Marshal",
	"\x04\x09":         "JBoss Marshalling (Redisson)",
	"\x1f\x8b":         "compressed (gzip)",
	"\x28\xb5\x2f\xfd": "compressed (zstd)",
	"\x78\x9c":         "compressed (zlib)",
	"\x78\x01":         "compressed (zlib)",
	"\x78\xda":         "compressed (zlib)",
}
