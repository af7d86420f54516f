package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// Bounds of what is sent to WeChat.
const (
	MaxBody = 64 << 10 // bytes of a request
	MaxText = 128      // characters of an id, a js_code, a membership number
)

// ContentType is WeChat's own; "encoding" is no slip of ours.
const ContentType = "application/json; encoding=utf-8"

// ReadBody reads at most MaxBody bytes; ErrBigBody if there are more, ErrBadJSON if the body broke off.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return nil, ErrBigBody
		}
		return nil, ErrBadJSON
	}
	return body, nil
}

// Decode reads a request body as WeChat does: raw UTF-8 JSON, without escapes. It fails with an *Error.
func Decode[T any](body []byte) (v T, err error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return v, ErrEmptyBody
	case hasUnicodeEscape(body):
		return v, ErrEscapes
	case !utf8.Valid(body):
		return v, ErrBadJSON
	}
	if json.Unmarshal(body, &v) != nil {
		return v, ErrBadJSON
	}
	return v, nil
}

// hasUnicodeEscape reports a \uXXXX in a JSON text. A backslash that is escaped itself begins none.
func hasUnicodeEscape(b []byte) bool {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if b[i+1] == 'u' {
			return true
		}
		i++
	}
	return false
}

// Encode writes v as JSON without HTML escapes.
func Encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // nothing that is answered can fail
		return []byte(`{"errcode":-1,"errmsg":"system error"}`)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// WriteJSON answers v, with an HTTP status.
func WriteJSON(w http.ResponseWriter, code int, v any) {
	body := Encode(v)
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may be gone
}
