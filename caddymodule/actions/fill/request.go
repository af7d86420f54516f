package fill

import (
	"net/http"
)

// narrowedFields are the request's fields that a backend could answer with something else than a whole body, or with a
// body that cannot be read. The answer that a client has validators or ranges of is never the one that the backend knows.
var narrowedFields = [...]string{"Accept-Encoding", "Range", "If-Range", "If-Modified-Since", "If-None-Match"}

// narrowedHeader keeps what was taken out of a request's header. The same request may go on to error routes, and an outer
// `encode` looks at it there.
type narrowedHeader [len(narrowedFields)][]string

func (n *narrowedHeader) take(r *http.Request) {
	for i, name := range narrowedFields {
		if name == "If-None-Match" && r.Method != http.MethodGet && r.Method != http.MethodHead {
			continue // a write that must not overwrite anything
		}
		if values, ok := r.Header[name]; ok {
			n[i] = values
			delete(r.Header, name)
		}
	}
	r.Header["Accept-Encoding"] = []string{"identity"}
}

func (n *narrowedHeader) giveBack(r *http.Request) {
	delete(r.Header, "Accept-Encoding")
	for i, values := range n {
		if values != nil {
			r.Header[narrowedFields[i]] = values
		}
	}
}
