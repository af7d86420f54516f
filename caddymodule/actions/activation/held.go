package activation

import (
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/held"
)

// maxHeldAnswer is how many bytes of an answer are held back.
const maxHeldAnswer = 64 << 10

// heldAnswer holds back answers which may say that a card is to be activated: those with a 2xx status and JSON, as long as
// they are short. All others go through.
type heldAnswer struct {
	held.Writer

	before  http.Header // what stood in the header before the backend's
	encoded bool        // the answer would be held if it could be read
}

func newHeldAnswer(w http.ResponseWriter) *heldAnswer {
	h := &heldAnswer{before: w.Header().Clone()}
	h.Begin(w, h, maxHeldAnswer)
	return h
}

// Judge implements held.Judge. It sets encoded.
func (h *heldAnswer) Judge(status int, header http.Header, _ bool) held.Verdict {
	if status < 200 || status > 299 || status == http.StatusPartialContent || header["Trailer"] != nil {
		return held.Pass
	}
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return held.Pass
	}
	if length, err := strconv.Atoi(header.Get("Content-Length")); err == nil && length > maxHeldAnswer {
		return held.Pass
	}
	encoding := header.Get("Content-Encoding")
	if h.encoded = encoding != "" && !strings.EqualFold(encoding, "identity"); h.encoded {
		return held.Pass
	}
	return held.Hold
}

// forget drops what is held, with the header that belongs to it.
func (h *heldAnswer) forget() {
	header := h.Header()
	clear(header)
	maps.Copy(header, h.before)
}
