package messagepush

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// answerText answers with a text that no browser takes for a page, whatever it says.
func answerText(w http.ResponseWriter, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(text)) // WeChat comes again if it does not get it
}

// pushReply is what the backend answers: an http.ResponseWriter that keeps it, for all that wait for it.
type pushReply struct {
	header   http.Header // as the handler sees it
	sent     http.Header // as it was when the answer began
	status   int         // 0: nothing was written yet
	body     []byte
	isLong   bool // there is more than what is in body
	accepted bool // it is no reply: WeChat is told that the message was accepted
}

// Header implements http.ResponseWriter.
func (p *pushReply) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *pushReply) WriteHeader(status int) {
	if p.status == 0 && status >= http.StatusOK {
		p.status, p.sent = status, p.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (p *pushReply) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	fits := min(len(b), push.MaxBody-len(p.body))
	p.body = append(p.body, b[:fits]...)
	p.isLong = p.isLong || fits < len(b)
	return len(b), nil
}

// Flush implements http.Flusher. There is nothing to do: what was written is passed on at the end.
func (p *pushReply) Flush() {}

// check tells why a reply does not accept the message; nonsense is one that WeChat would not take, though it looks like success.
func (p *pushReply) check(m *push.Message, repliesOff bool) (nonsense bool, err error) {
	if p.status == 0 {
		p.sent = p.header.Clone()
	} else if p.status < http.StatusOK || p.status >= http.StatusMultipleChoices {
		return false, fmt.Errorf("the backend answered with status %d", p.status)
	}
	if err := p.unpack(); err != nil && !repliesOff {
		return false, err
	}
	if repliesOff {
		if p.accepted = !push.IsPage(p.body); !p.accepted {
			return true, errors.New("the backend answered with a page")
		}
		return false, nil
	}
	if p.isLong {
		return false, fmt.Errorf("the backend's reply has more than %d bytes", push.MaxBody)
	}
	switch push.AnswerOf(m.Format, p.body) {
	case push.Success:
		p.accepted = true
	case push.Nonsense:
		return true, errors.New("the backend's answer is neither success nor a reply for the user; if it has no replies, say `replies off`")
	case push.Reply:
	}
	return false, nil
}

// unpack takes gzip off: some backends compress whether or not anybody can read it.
func (p *pushReply) unpack() error {
	encoding := p.sent.Get("Content-Encoding")
	if len(p.body) == 0 || encoding == "" || strings.EqualFold(encoding, "identity") {
		return nil
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(p.body))
	if !strings.EqualFold(encoding, "gzip") || err != nil {
		return errors.New("the backend's reply is compressed, and must be read")
	}
	text, err := io.ReadAll(io.LimitReader(unpacked, push.MaxBody+1))
	if err != nil && !p.isLong {
		return errors.New("the backend's reply is compressed, and damaged")
	}
	p.isLong = p.isLong || len(text) > push.MaxBody
	p.body = text[:min(len(text), push.MaxBody)]
	p.sent.Del("Content-Encoding")
	return nil
}

// answer answers WeChat. Without a reply the message was accepted before.
func (p *pushReply) answer(w http.ResponseWriter, to inbox, m *push.Message) {
	switch {
	case p == nil || p.accepted:
		answerText(w, pushSuccess)
	case m.Encrypted():
		sealed, format := to.SealPush(m, p.body)
		h := w.Header()
		h.Set("Content-Type", string(format))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(sealed) //nolint:gosec // for WeChat, no browser
	default:
		h := w.Header()
		maps.Copy(h, p.sent.Clone()) // others may answer with the same
		delete(h, "Trailer")
		delete(h, "Content-Length") // the server counts: gzip was taken off, and intercept may write another body
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(p.body) //nolint:gosec // for WeChat, no browser
	}
}

// pushSuccess tells WeChat that it need not come again.
const pushSuccess = "success"
