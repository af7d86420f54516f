package fill

import (
	"errors"
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
	held.Writer

	maxBody int64
	head    bool  // the request's method is HEAD
	length  int64 // the Content-Length of an answer that is held back; -1: there is none

	*fillBuffer // from when an answer is held back on
}

func (w *fillWriter) begin(to http.ResponseWriter, r *http.Request, maxBody int64) {
	w.maxBody, w.head = maxBody, r.Method == http.MethodHead
	w.Begin(to, w, maxBody)
}

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

// end gives back the memory of an answer that is, or was, held back.
func (w *fillWriter) end() {
	if w.fillBuffer != nil {
		w.body = w.Body
		w.free()
	}
}

// Judge implements held.Judge.
func (w *fillWriter) Judge(status int, h http.Header, final bool) held.Verdict {
	switch {
	case !w.fillable(status, h):
		return held.Pass
	case !final:
		return held.Hold
	case w.head:
		// What a GET would bring is not known here, only that it may be something else.
		dropValidators(h)
		h.Del("Content-Length")
		return held.Head
	}
	w.fillBuffer = fillBuffers.Get().(*fillBuffer)
	w.Body = w.body
	return held.Hold
}

// fillable tells whether an answer with this status and header may hold something to fill. It sets length.
func (w *fillWriter) fillable(status int, h http.Header) bool {
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
	if mediaType == "application/json" || mediaType == "text/json" {
		return true
	}
	return strings.HasSuffix(mediaType, "+json") && mediaType != "application/stream+json" && !strings.HasPrefix(mediaType, "application/grpc")
}

// find looks for what is to be filled, and tells whether the answer is JSON, and complete.
func (w *fillWriter) find() (ok bool) {
	if w.length >= 0 && int64(len(w.Body)) != w.length {
		return false
	}
	w.body = w.Body
	w.parts, ok = fill.Find(w.parts[:0], w.body)
	return ok
}

// pass sends what was held back as it is.
func (w *fillWriter) pass() { w.Send(w.Body) }

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
	w.Send(w.filled)
}

// Interface guards
var _ held.Judge = (*fillWriter)(nil)
