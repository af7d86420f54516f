package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	// pushPatience is what the backend may take for one message. WeChat waits five seconds; what it repeats meanwhile is joined.
	pushPatience = time.Minute

	// maxPushField bounds a header's value: servers refuse requests with long ones.
	maxPushField = 2048
)

// pushFields are the header fields that are set.
var pushFields = []injectField{
	{name: "X-Wechat-Event"}, {name: "X-Wechat-Openid"}, {name: "X-Wechat-Unionid"}, {name: "X-Wechat-Card-Id"}, {name: "X-Wechat-Outer-Str"},
}

// deliver passes a message on to next, and gives its reply. The client may go away meanwhile: what WeChat repeats then finds
// the work going on, or done.
func (p *MessagePush) deliver(r *http.Request, next caddyhttp.Handler, account *plugin.Account, m *push.Message) (*pushReply, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), pushPatience)
	defer cancel()
	plain := m.Plain
	if p.Enrich {
		plain = account.PushWithUserInfo(ctx, m)
	}
	setPush(r, m, plain)
	reply := &pushReply{header: make(http.Header)}
	err := p.call(next, reply, r.WithContext(ctx))
	if err == nil {
		err = reply.check(m)
	}
	if err != nil {
		problem := problemf(http.StatusBadGateway, reasonBackendFailed, "the backend did not accept the message")
		problem.Err = errors.New(err.Error()) // as text: it is no answer to this request, though it may be meant as one
		return nil, problem
	}
	return reply, nil
}

// call is next.ServeHTTP, with a panic as an error: nobody but this request is to be hurt by it, and others may wait for it.
func (p *MessagePush) call(next caddyhttp.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler: // a proxy that lost its backend in mid-answer
			err = errors.New("the answer broke off")
		default:
			err = fmt.Errorf("panic: %v", v)
			p.logger.Error("panic behind message_push", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return next.ServeHTTP(w, r)
}

// setPush makes r the request that the backend gets. It changes r itself, not a copy: Caddy's placeholders read that.
func setPush(r *http.Request, m *push.Message, plain []byte) {
	setBody(r, plain)
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != string(m.Format) { // the parameters of one that fits stay
		r.Header["Content-Type"] = []string{string(m.Format)}
	}
	delete(r.Header, "Content-Encoding")
	delete(r.Header, "Accept-Encoding") // a reply must be read
	editQuery(r, func(raw string) string {
		return cutParams(raw, func(name string) bool { return name == "encrypt_type" || name == "msg_signature" })
	})
	for i, value := range [...]string{m.Event, m.OpenID, m.UnionID, m.CardID, m.OuterStr} {
		value = strings.TrimSpace(strings.Map(withoutControl, value))
		if value != "" && len(value) <= maxPushField {
			r.Header[pushFields[i].name] = []string{value}
		}
	}
}

// withoutControl is for strings.Map: control characters would end a header, or be refused in it.
func withoutControl(c rune) rune {
	if unicode.IsControl(c) {
		return -1
	}
	return c
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
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(sealed)
	default:
		h := w.Header()
		maps.Copy(h, p.sent.Clone()) // others may answer with the same
		delete(h, "Trailer")
		h.Set("Content-Length", strconv.Itoa(len(p.body)))
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(p.body)
	}
}

// pushSuccess tells WeChat that it need not come again.
const pushSuccess = "success"

// Interface guards
var (
	_ http.ResponseWriter = (*pushReply)(nil)
	_ http.Flusher        = (*pushReply)(nil)
)
