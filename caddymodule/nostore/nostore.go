// Package nostore keeps answers out of caches that depend on what the gateway put into their requests.
package nostore

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Serve has serve answer on w. An answer that says nothing of caching gets `Cache-Control: no-store`: a cache that knows no more
// than the address would keep it, and give it to the next who asks. So does an error of serve's, which error routes will answer.
func Serve(w http.ResponseWriter, serve func(w http.ResponseWriter) error) error {
	nw := &writer{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}
	err := serve(nw)
	if !nw.begun {
		mark(w.Header())
	}
	return err
}

// mark adds no-store to a header that says nothing of caching.
func mark(h http.Header) {
	if speaks(h) {
		return
	}
	if strings.Join(h["Cache-Control"], "") == "" {
		h["Cache-Control"] = []string{"no-store"}
		return
	}
	h["Cache-Control"] = append(h["Cache-Control"], "no-store")
}

// speaks tells whether a header says something of caching, to all caches: Expires does, and Cache-Control unless it is about
// something else. Pragma means nothing in an answer. Surrogate-Control, CDN-Cache-Control and their like are for one kind of cache,
// which heeds them before Cache-Control: what they say stays in force there, and elsewhere nothing is said.
func speaks(h http.Header) bool {
	if h.Get("Expires") != "" {
		return true
	}
	for _, value := range h["Cache-Control"] {
		for directive := range strings.SplitSeq(value, ",") {
			switch strings.ToLower(strings.TrimSpace(directive)) {
			case "", "no-transform":
			default:
				return true
			}
		}
	}
	return false
}

// writer marks the header when the answer begins, and lets everything through.
type writer struct {
	caddyhttp.ResponseWriterWrapper

	begun bool // the header of the answer itself is sent
}

// WriteHeader implements http.ResponseWriter. Informational answers are not cached, and a connection that switches protocols is no
// answer any more.
func (w *writer) WriteHeader(status int) {
	if !w.begun && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.begun = true
		if status != http.StatusSwitchingProtocols {
			mark(w.Header())
		}
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriterWrapper.Write(p)
}

// ReadFrom implements io.ReaderFrom, and keeps sendfile possible.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	w.begin()
	return w.ResponseWriterWrapper.ReadFrom(r)
}

func (w *writer) begin() {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
}

// FlushError is what http.ResponseController calls. A flush before anything else sends the header, but a recorder further out may
// ignore it, so that this begins nothing.
func (w *writer) FlushError() error {
	if !w.begun {
		mark(w.Header())
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Interface guards
var (
	_ http.ResponseWriter = (*writer)(nil)
	_ http.Pusher         = (*writer)(nil)
	_ io.ReaderFrom       = (*writer)(nil)
	_ interface {
		Unwrap() http.ResponseWriter
		FlushError() error
	} = (*writer)(nil)
)
