// Package headers takes out of a request the header fields that only the gateway may set.
package headers

import (
	"net/http"
	"slices"
	"strings"
)

// RemoveForged removes fields from r, wherever a client can put them.
func RemoveForged(r *http.Request, fields []Field) {
	removeFields(r.Header, fields)
	removeConnectionOptions(r.Header, fields)
	if r.Trailer != nil && r.Body != nil {
		removeFields(r.Trailer, fields)
		r.Body = &trailerFilter{ReadCloser: r.Body, trailer: r.Trailer, fields: fields}
	}
}

// removeFields deletes fields from h, however their names are written.
func removeFields(h http.Header, fields []Field) {
	for key := range h {
		if isOneOf(key, fields) {
			delete(h, key)
		}
	}
}

// removeConnectionOptions keeps a client from having a proxy drop what is injected, by naming it in Connection.
func removeConnectionOptions(h http.Header, fields []Field) {
	values := h["Connection"]
	named := func(option string) bool { return isOneOf(strings.Trim(option, " \t"), fields) }
	isNamed := func(value string) bool {
		for option := range strings.SplitSeq(value, ",") {
			if named(option) {
				return true
			}
		}
		return false
	}
	if !slices.ContainsFunc(values, isNamed) {
		return
	}
	var kept []string
	for _, value := range values {
		options := slices.DeleteFunc(strings.Split(value, ","), named)
		if len(options) > 0 {
			kept = append(kept, strings.Join(options, ","))
		}
	}
	if kept == nil {
		delete(h, "Connection")
		return
	}
	h["Connection"] = kept
}

func isOneOf(key string, fields []Field) bool {
	for i := range fields {
		if Same(key, fields[i].Name) {
			return true
		}
	}
	return false
}

// Read implements io.Reader.
func (f *trailerFilter) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if err != nil {
		removeFields(f.trailer, f.fields)
	}
	return n, err
}
