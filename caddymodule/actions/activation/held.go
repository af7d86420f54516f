package activation

import (
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/held"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxHeldAnswer is how many bytes of an answer are held back.
const maxHeldAnswer = 64 << 10

// heldAnswer is a response writer that holds back answers which may say that a card is to be activated: those with a 2xx
// status and JSON, as long as they are short. All others go through.
type heldAnswer struct {
	caddyhttp.ResponseWriterWrapper

	before  http.Header // what stood in the header before the backend's
	status  int         // of the final header; 0: there was none yet
	body    []byte
	holding bool
	encoded bool // the answer would be held if it could be read
}

func newHeldAnswer(w http.ResponseWriter) *heldAnswer {
	return &heldAnswer{
		ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		before:                w.Header().Clone(),
	}
}

// WriteHeader implements http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) {
	if status < http.StatusOK && status != http.StatusSwitchingProtocols {
		h.ResponseWriterWrapper.WriteHeader(status)
		return
	}
	if h.status != 0 {
		return
	}
	h.status = status
	if h.holding = h.mayActivate(status); !h.holding {
		h.ResponseWriterWrapper.WriteHeader(status)
	}
}

// mayActivate tells whether an answer with this status and the present header is to be held. It sets encoded.
func (h *heldAnswer) mayActivate(status int) bool {
	header := h.Header()
	if status < 200 || status > 299 || status == http.StatusPartialContent || header["Trailer"] != nil {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return false
	}
	if length, err := strconv.Atoi(header.Get("Content-Length")); err == nil && length > maxHeldAnswer {
		return false
	}
	encoding := header.Get("Content-Encoding")
	h.encoded = encoding != "" && !strings.EqualFold(encoding, "identity")
	return !h.encoded
}

// Write implements io.Writer.
func (h *heldAnswer) Write(p []byte) (int, error) {
	if h.status == 0 {
		h.WriteHeader(http.StatusOK)
	}
	if h.holding {
		if len(h.body)+len(p) <= maxHeldAnswer {
			h.body = append(h.body, p...)
			return len(p), nil
		}
		h.release()
	}
	return h.ResponseWriterWrapper.Write(p)
}

// ReadFrom implements io.ReaderFrom, and keeps sendfile possible.
func (h *heldAnswer) ReadFrom(r io.Reader) (int64, error) {
	if h.status == 0 {
		h.WriteHeader(http.StatusOK)
	}
	if h.holding {
		return io.Copy(held.WriterOnly{Writer: h}, r)
	}
	return h.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError is what http.ResponseController calls. What is held back cannot be flushed, nor its header.
func (h *heldAnswer) FlushError() error {
	if h.holding || h.status == 0 && h.mayActivate(http.StatusOK) {
		return nil
	}
	return http.NewResponseController(h.ResponseWriter).Flush()
}

// release lets go what is held.
func (h *heldAnswer) release() {
	h.holding = false
	h.ResponseWriterWrapper.WriteHeader(h.status)
	_, _ = h.ResponseWriterWrapper.Write(h.body) // a client that is gone needs no answer
	h.body = nil
}

// forget drops what is held, with the header that belongs to it.
func (h *heldAnswer) forget() {
	header := h.Header()
	clear(header)
	maps.Copy(header, h.before)
}

// Interface guards
var (
	_ http.ResponseWriter = (*heldAnswer)(nil)
	_ io.ReaderFrom       = (*heldAnswer)(nil)
	_ interface {
		Unwrap() http.ResponseWriter
		FlushError() error
	} = (*heldAnswer)(nil)
)
