package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// contentType is WeChat's own; "encoding" is no slip of ours.
const contentType = "application/json; encoding=utf-8"

// readBody reads at most maxBody bytes.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return nil, errBigBody
		}
		return nil, errBadJSON
	}
	return body, nil
}

// decode reads a request body as WeChat does: raw UTF-8 JSON, without escapes.
func decode[T any](body []byte) (v T, err error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return v, errEmptyBody
	case hasUnicodeEscape(body):
		return v, errEscapes
	case !utf8.Valid(body):
		return v, errBadJSON
	}
	if json.Unmarshal(body, &v) != nil {
		return v, errBadJSON
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

// encode writes v as JSON without HTML escapes.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // nothing that is answered can fail
		return []byte(`{"errcode":-1,"errmsg":"system error"}`)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// writeJSON answers v.
func writeJSON(w http.ResponseWriter, code int, v any) {
	body := encode(v)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may be gone
}
