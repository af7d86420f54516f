package caddymodule

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"

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
		return io.Copy(writerOnly{h}, r)
	}
	return h.ResponseWriterWrapper.ReadFrom(r)
}

// writerOnly hides ReadFrom from io.Copy.
type writerOnly struct{ io.Writer }

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

// activationFields are what an answer may hold for WeChat besides membership_number.
var activationFields = []string{
	"init_bonus", "init_bonus_record", "init_balance",
	"init_custom_field_value1", "init_custom_field_value2", "init_custom_field_value3",
	"background_pic_url", "activate_begin_time", "activate_end_time",
}

// activationOf reads what a backend answered. It is not ok when that says nothing of an activation.
func activationOf(body []byte) (m plugin.Activation, ok bool, err error) {
	object := bytes.TrimSpace(body)
	if !utf8.Valid(object) || !json.Valid(object) || object[0] != '{' {
		return m, false, nil
	}
	values := maps.Collect(members(object)) // of several with one name the last, as JSON.parse has it
	const name = "membership_number"
	number := values[name]
	if isNothing(number) {
		return m, false, nil
	}
	m.MembershipNumber = string(number) // PHP may take it for a number
	if !isDigits(m.MembershipNumber) {
		var fault phrase
		if m.MembershipNumber, fault = decodeString(number); fault == "" {
			fault = textFault(m.MembershipNumber)
		}
		if fault != "" {
			return m, false, unusableAnswer(name, fault)
		}
	}
	for _, name := range activationFields {
		raw := values[name]
		if isNothing(raw) {
			continue
		}
		if raw[0] == '"' {
			s, fault := decodeString(raw)
			if fault == "" && needsEscape(s) {
				fault = faultControl
			}
			if fault != "" {
				return m, false, unusableAnswer(name, fault)
			}
			raw = card.AppendString(nil, s) // PHP likes to write \u escapes, which WeChat refuses
		} else if raw[0] != '-' && !isDigitByte(raw[0]) {
			return m, false, unusableAnswer(name, faultNoScalar)
		}
		m.More = append(m.More, plugin.ActivationField{Name: name, Value: raw})
	}
	return m, true, nil
}

// isNothing tells what backends write for no value.
func isNothing(raw []byte) bool {
	return raw == nil || string(raw) == "null" || string(raw) == `""`
}

// needsEscape tells whether JSON cannot have s without a \u escape.
func needsEscape(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\b\f\n\r\t", r) })
}

// unusableAnswer is for a backend whose answer WeChat would not take.
func unusableAnswer(name string, fault phrase) *Problem {
	return problemf(http.StatusBadGateway, reasonBackendFailed, "the card cannot be activated: in the backend's answer, %s %s", name, fault)
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
