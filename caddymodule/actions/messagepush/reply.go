package messagepush

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
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
	header http.Header // as the handler sees it
	sent   http.Header // as it was when the answer began
	status int         // 0: nothing was written yet
	body   []byte
	isLong bool
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
	if p.isLong = p.isLong || len(p.body)+len(b) > push.MaxBody; !p.isLong {
		p.body = append(p.body, b...)
	}
	return len(b), nil
}

// Flush implements http.Flusher. There is nothing to do: what was written is passed on at the end.
func (p *pushReply) Flush() {}

// check tells why a reply does not accept the message.
func (p *pushReply) check(m *push.Message) error {
	encoding := p.sent.Get("Content-Encoding")
	switch {
	case p.status != 0 && (p.status < http.StatusOK || p.status >= http.StatusMultipleChoices):
		return fmt.Errorf("the backend answered with status %d", p.status)
	case p.isLong:
		return fmt.Errorf("the backend's reply has more than %d bytes", push.MaxBody)
	case m.Encrypted() && encoding != "" && !strings.EqualFold(encoding, "identity") && len(p.body) > 0:
		return errors.New("the backend's reply is compressed, and must be encrypted")
	}
	return nil
}

// answer answers WeChat. Without a reply the message was accepted before.
func (p *pushReply) answer(w http.ResponseWriter, account *plugin.Account, m *push.Message) {
	if p == nil {
		answerText(w, pushSuccess)
		return
	}
	switch text := bytes.TrimSpace(p.body); {
	case len(text) == 0 || string(text) == pushSuccess:
		answerText(w, pushSuccess)
	case m.Encrypted():
		sealed, format := account.SealPush(m, p.body)
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
		h.Set("Content-Length", strconv.Itoa(len(p.body)))
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(p.body) //nolint:gosec // for WeChat, no browser
	}
}

// pushSuccess tells WeChat that it need not come again.
const pushSuccess = "success"
