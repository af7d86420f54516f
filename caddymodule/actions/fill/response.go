package fill

import (
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

	action *Fill
	path   string // of the request
	head   bool   // the request's method is HEAD
	sent   requestBody
	length int64       // the Content-Length of an answer that is held back; -1: there is none
	coding coding      // how it is packed; nil: it is not
	stream fill.Stream // what came of one without a Content-Length

	*fillBuffer // from when an answer is held back on
}

func (w *fillWriter) begin(to http.ResponseWriter, r *http.Request, f *Fill) {
	w.action, w.path, w.head = f, r.URL.Path, r.Method == http.MethodHead
	w.sent.begin(r)
	w.Begin(to, w, f.MaxBody)
}

// fillBuffer is the memory that filling one answer needs.
type fillBuffer struct {
	text     []byte // the answer, unpacked; its memory is the unpacker's or the writer's
	unpacked unpacker
	filled   []byte
	parts    []fill.Part
	exts     []card.Ext
}

var fillBuffers = sync.Pool{New: func() any { return new(fillBuffer) }}

// free gives the memory back. Nothing of the answer stays in it but bytes that are written over.
func (b *fillBuffer) free() {
	const tooLarge = 256 << 10
	if cap(b.unpacked.text) > tooLarge || cap(b.filled) > tooLarge || cap(b.parts) > 100 {
		return // rare, and would stay as large for good
	}
	clear(b.parts)
	clear(b.exts)
	*b = fillBuffer{unpacked: unpacker{text: b.unpacked.text[:0]}, filled: b.filled[:0], parts: b.parts[:0], exts: b.exts[:0]}
	fillBuffers.Put(b)
}

// end gives back what an answer needed that is, or was, held back.
func (w *fillWriter) end() {
	if w.fillBuffer != nil {
		w.unpacked.stop()
		w.free()
		w.Free()
	}
}

// Judge implements held.Judge.
func (w *fillWriter) Judge(status int, h http.Header, final bool) held.Verdict {
	why := w.unfillable(status, h, !final)
	switch {
	case why != "" && final:
		w.action.passes(w.path, why)
		return held.Pass
	case why != "":
		return held.Pass
	case !final:
		return held.Hold
	case w.head:
		// What a GET would bring is not known here, only that it may be something else.
		dropValidators(h)
		h["Content-Length"] = nil // an HTTP/3 server says that it is 0 where the field is not there at all
		return held.Head
	}
	w.fillBuffer = fillBuffers.Get().(*fillBuffer)
	if w.coding != nil {
		w.unpacked.begin(w.coding, w.action.MaxBody)
	}
	return held.Hold
}

// unfillable tells why an answer with this status and header is not looked into; "": it is. It sets length and coding.
func (w *fillWriter) unfillable(status int, h http.Header, flushed bool) (why reason) {
	if status < 200 || status > 299 || status == http.StatusNoContent || status == http.StatusResetContent {
		return noSuccess
	}
	if why = typeIsNot(h["Content-Type"]); why != "" {
		return why
	}
	if status == http.StatusPartialContent || h["Content-Range"] != nil {
		return onlyPart
	}
	var known bool
	if w.coding, known = codingOf(h["Content-Encoding"]); !known {
		return unknownCoding
	}
	w.length = -1
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil {
		w.length = n
	}
	switch {
	case w.length > w.action.MaxBody:
		return tooLarge
	case caddyhttp.IsIncremental(h):
		return isStream
	case w.length < 0 && w.sent.goesOn(flushed):
		return clientSends
	}
	return ""
}

// Watch implements held.Watcher.
func (w *fillWriter) Watch(p []byte) bool {
	why := w.over(p)
	if why != "" {
		w.action.passes(w.path, why)
	}
	return why == ""
}

// over tells why an answer that is held is not to be held any longer, when p comes of it; "": it is.
func (w *fillWriter) over(p []byte) reason {
	if w.length < 0 && w.sent.goesOn(p == nil) {
		return clientSends
	}
	if int64(len(w.Body)+len(p)) > w.action.MaxBody {
		return tooLarge
	}
	if w.coding != nil && len(p) > 0 {
		var why reason
		if p, why = w.unpacked.write(p); why != "" {
			return why
		}
	}
	if w.length < 0 && w.stream.Next(p) {
		return isStream
	}
	return ""
}

// find looks for what is to be filled, and tells why there is nothing: "" if there is.
func (w *fillWriter) find() (why reason) {
	if w.length >= 0 && int64(len(w.Body)) != w.length {
		return cutShort
	}
	w.text = w.Body
	if w.coding != nil && len(w.Body) > 0 {
		if why = w.unpacked.finish(); why != "" {
			return why
		}
		w.text = w.unpacked.text
	}
	var ok bool
	switch w.parts, ok = fill.Find(w.parts[:0], w.text); {
	case !ok:
		return broken
	case len(w.parts) == 0:
		return nothingToFill
	}
	return ""
}

// pass sends what was held back as it is.
func (w *fillWriter) pass() { w.Send(w.Body) }

// sendFilled sends the answer as it was filled.
func (w *fillWriter) sendFilled() {
	h := w.Header()
	dropValidators(h)
	dropCaching(h)
	forbidCaching(h)
	if w.coding != nil {
		delete(h, "Content-Encoding")
	}
	h.Del("Content-Length")
	if !hasTrailers(h) { // which go only with a body whose length is not told
		h["Content-Length"] = []string{strconv.Itoa(len(w.filled))}
	}
	w.Send(w.filled)
}

// forbidCaching says no-store, and repeats no-transform, which is for those who pass the answer on.
func forbidCaching(h http.Header) {
	directives := "no-store"
	for _, value := range h["Cache-Control"] {
		if strings.Contains(strings.ToLower(value), "no-transform") {
			directives = "no-store, no-transform"
		}
	}
	h["Cache-Control"] = []string{directives}
}

// Interface guards
var _ held.Watcher = (*fillWriter)(nil)
