package fill

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// acceptReadable leaves only those encodings in the request that can be unpacked. It gives the old field, for giveBack: the
// same request may go on to error routes, and an outer `encode` looks at it there. A request without the field stays so, and a
// proxy that packs by itself then unpacks by itself.
func acceptReadable(h http.Header) (old []string) {
	old = h["Accept-Encoding"]
	var kept []string
	all := true
	for _, line := range old {
		for item := range strings.SplitSeq(line, ",") {
			if isReadable(item) {
				kept = append(kept, strings.TrimSpace(item))
			} else {
				all = false
			}
		}
	}
	switch {
	case all:
		return old
	case len(kept) == 0:
		kept = []string{"identity"}
	}
	h["Accept-Encoding"] = []string{strings.Join(kept, ", ")}
	return old
}

func giveBack(h http.Header, old []string) {
	if old != nil {
		h["Accept-Encoding"] = old
	}
}

// isReadable tells whether an element of Accept-Encoding is no encoding that cannot be unpacked.
func isReadable(item string) bool {
	name, _, _ := strings.Cut(item, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	return slices.Contains([]string{"", "*", "identity"}, name) || codingNamed(name) != nil
}

// requestBody is the body of a request, and knows whether the client may still be sending it.
type requestBody struct {
	io.ReadCloser

	left atomic.Int64 // how many bytes are to come; below zero: not known
	at   atomic.Int32
	used atomic.Bool // it was read to its end before it came here
}

// Where a requestBody is.
const (
	bodyEnded = iota // or there is none
	bodyUnread
	bodyBegun
)

// begin puts the body into its place.
func (b *requestBody) begin(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return
	}
	b.ReadCloser = r.Body
	b.left.Store(r.ContentLength)
	b.at.Store(bodyUnread)
	r.Body = b
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	first := b.at.CompareAndSwap(bodyUnread, bodyBegun)
	n, err := b.ReadCloser.Read(p)
	if first && n == 0 && err != nil {
		b.used.Store(err == http.ErrBodyReadAfterClose || err == io.EOF && b.left.Load() > 0)
	}
	if b.left.Add(-int64(n)) == 0 || err != nil {
		b.at.Store(bodyEnded)
	}
	return n, err
}

// goesOn tells whether somebody who reads what the client sends is waiting for more of it: then the client may be waiting for
// an answer. Who flushes an answer without having read at all may be about to, where the body has no length.
func (b *requestBody) goesOn(flushed bool) bool {
	at := b.at.Load()
	return at == bodyBegun || flushed && at == bodyUnread && b.left.Load() < 0
}
