package fill

import (
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/held"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/fill"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// fillWriter holds an answer back that may be filled, and lets every other one through as it comes.
type fillWriter struct {
	caddyhttp.ResponseWriterWrapper

	maxBody int64
	head    bool // the request's method is HEAD
	state   fillState
	status  int   // of an answer that is held back
	length  int64 // the Content-Length of such an answer; -1: there is none

	*fillBuffer // while an answer is held back
}

type fillState uint8

const (
	undecided fillState = iota // the final status is not known yet
	streaming                  // everything goes through
	holding                    // the header is not sent, the body is collected
	headOnly                   // the header is sent, a body never is
)

// fillBuffer is the memory that filling one answer needs.
type fillBuffer struct {
	body, filled []byte
	parts        []fill.Part
	exts         []card.Ext
}

var fillBuffers = sync.Pool{New: func() any { return new(fillBuffer) }}

// free gives the memory back. Nothing of the answer stays in it but bytes that are written over.
func (b *fillBuffer) free() {
	const tooLarge = 256 << 10
	if cap(b.body) > tooLarge || cap(b.filled) > tooLarge || cap(b.parts) > 100 {
		return // rare, and would stay as large for good
	}
	clear(b.parts)
	clear(b.exts)
	*b = fillBuffer{b.body[:0], b.filled[:0], b.parts[:0], b.exts[:0]}
	fillBuffers.Put(b)
}

// WriteHeader implements http.ResponseWriter.
func (w *fillWriter) WriteHeader(status int) {
	switch {
	case w.state == holding:
		return // it has been called before
	case w.state != undecided, status < http.StatusOK && status != http.StatusSwitchingProtocols:
	case !w.fillable(status):
		w.state = streaming
	case w.head:
		// What a GET would bring is not known here, only that it may be something else.
		dropValidators(w.Header())
		w.Header().Del("Content-Length")
		w.state = headOnly
	default:
		w.state, w.status = holding, status
		w.fillBuffer = fillBuffers.Get().(*fillBuffer)
		return
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// fillable tells whether an answer with this status and the present header may hold something to fill. It sets length.
func (w *fillWriter) fillable(status int) bool {
	h := w.Header()
	if status < 200 || status > 299 || status == http.StatusPartialContent || status == http.StatusNoContent || status == http.StatusResetContent {
		return false
	}
	if !isFillableType(h["Content-Type"]) {
		return false
	}
	for _, encoding := range h["Content-Encoding"] {
		if !strings.EqualFold(encoding, "identity") {
			return false
		}
	}
	w.length = -1
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil {
		w.length = n
	}
	return w.length <= w.maxBody && h["Content-Range"] == nil && !caddyhttp.IsIncremental(h)
}

// isFillableType tells whether a Content-Type says JSON in UTF-8. Of those that end in +json, some are streams.
func isFillableType(values []string) bool {
	if len(values) != 1 {
		return false
	}
	switch values[0] {
	case "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8":
		return true
	}
	mediaType, params, err := mime.ParseMediaType(values[0])
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return false
	}
	if mediaType == "application/json" {
		return true
	}
	return strings.HasSuffix(mediaType, "+json") && mediaType != "application/stream+json" && !strings.HasPrefix(mediaType, "application/grpc")
}

// Write implements io.Writer.
func (w *fillWriter) Write(p []byte) (int, error) {
	if w.state == undecided {
		w.WriteHeader(http.StatusOK)
	}
	if w.state == headOnly {
		return len(p), nil
	}
	if w.state == holding {
		if int64(len(w.body)+len(p)) <= w.maxBody {
			w.body = append(w.body, p...)
			return len(p), nil
		}
		if err := w.spill(); err != nil {
			return 0, err
		}
	}
	return w.ResponseWriterWrapper.Write(p)
}

// ReadFrom implements io.ReaderFrom, and keeps sendfile possible for what is not held back.
func (w *fillWriter) ReadFrom(r io.Reader) (int64, error) {
	if w.state == undecided {
		w.WriteHeader(http.StatusOK)
	}
	if w.state == headOnly || w.state == holding {
		return io.Copy(held.WriterOnly{Writer: w}, r)
	}
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError is what http.ResponseController calls. What is held back cannot be flushed. A flush before anything else sends
// the header, but a recorder further out may ignore it, so that this decides nothing.
func (w *fillWriter) FlushError() error {
	if w.state == holding || w.state == undecided && w.fillable(http.StatusOK) {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// spill gives up holding back: the answer is too large.
func (w *fillWriter) spill() error {
	w.state = streaming
	w.ResponseWriterWrapper.WriteHeader(w.status)
	_, err := w.ResponseWriterWrapper.Write(w.body)
	w.free()
	w.fillBuffer = nil
	return err
}

// find looks for what is to be filled, and tells whether the answer is JSON, and complete.
func (w *fillWriter) find() (ok bool) {
	if w.length >= 0 && int64(len(w.body)) != w.length {
		return false
	}
	w.parts, ok = fill.Find(w.parts[:0], w.body)
	return ok
}

// pass sends what was held back as it is.
func (w *fillWriter) pass() { w.send(w.body) }

// sendFilled sends the answer as it was filled.
func (w *fillWriter) sendFilled() {
	h := w.Header()
	dropValidators(h)
	dropCaching(h)
	h["Cache-Control"] = []string{"no-store"}
	h.Del("Content-Length")
	if !hasTrailers(h) { // which go only with a body whose length is not told
		h["Content-Length"] = []string{strconv.Itoa(len(w.filled))}
	}
	w.send(w.filled)
}

// send writes header and body. Handlers set the values of trailers behind the body, which was before the header here: they
// stay out of it until it is sent.
func (w *fillWriter) send(body []byte) {
	h := w.Header()
	var trailers http.Header
	for name := range announcedTrailers(h) {
		if values, ok := h[name]; ok {
			if trailers == nil {
				trailers = make(http.Header)
			}
			trailers[name] = values
			delete(h, name)
		}
	}
	w.ResponseWriterWrapper.WriteHeader(w.status)
	_, _ = w.ResponseWriterWrapper.Write(body) // a client that is gone needs no answer
	maps.Copy(h, trailers)
}

// Interface guards
var (
	_ http.ResponseWriter = (*fillWriter)(nil)
	_ http.Pusher         = (*fillWriter)(nil)
	_ io.ReaderFrom       = (*fillWriter)(nil)
	_ interface {
		Unwrap() http.ResponseWriter
		FlushError() error
	} = (*fillWriter)(nil)
)
