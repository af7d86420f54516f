package inject

import (
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// cutWriter cuts credentials out of all header fields, in every header that is sent: 1xx ones too, for 103 Early Hints
// carry Link, and trailers. The body goes straight through, but for that of a redirect whose Location held a
// credential: it is a note with the same link, which no browser shows.
type cutWriter struct {
	caddyhttp.ResponseWriterWrapper

	cut         cutter
	held        func(field string) // told of a field that held a credential
	wrote       bool               // the final header is out
	cutLocation bool
	discard     bool // the body
}

// WriteHeader implements http.ResponseWriter.
func (w *cutWriter) WriteHeader(status int) {
	w.finish()
	if !w.wrote && w.cutLocation && status >= http.StatusMultipleChoices && status < http.StatusBadRequest {
		w.discard = true
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "Content-Range", "Etag", "Last-Modified"} {
			w.Header().Del(name)
		}
	}
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.wrote = true
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write implements io.Writer.
func (w *cutWriter) Write(p []byte) (int, error) {
	if w.discard {
		return len(p), nil
	}
	w.finish()
	w.wrote = true
	return w.ResponseWriterWrapper.Write(p)
}

// ReadFrom implements io.ReaderFrom, and keeps sendfile possible.
func (w *cutWriter) ReadFrom(r io.Reader) (int64, error) {
	if w.discard {
		return io.Copy(io.Discard, r)
	}
	w.finish()
	w.wrote = true
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError is what http.ResponseController calls. A flush sends the header if nothing did before; but a
// recorder further out may ignore it, so that this does not count as written.
func (w *cutWriter) FlushError() error {
	w.finish()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// finish cuts, unless the header has been sent. A handler may also return without writing anything, or fail
// and leave its header fields to the error's answer.
func (w *cutWriter) finish() {
	if !w.wrote {
		w.cutHeader()
	}
}

// cutHeader cuts. Behind the body that is for the trailers, and for logs.
func (w *cutWriter) cutHeader() {
	field, cutLocation := w.cut.header(w.Header())
	w.cutLocation = w.cutLocation || cutLocation
	if field != "" {
		w.held(field)
	}
}

// Interface guards
var (
	_ http.ResponseWriter = (*cutWriter)(nil)
	_ http.Pusher         = (*cutWriter)(nil)
	_ io.ReaderFrom       = (*cutWriter)(nil)
	_ interface {
		Unwrap() http.ResponseWriter
		FlushError() error
	} = (*cutWriter)(nil)
)
