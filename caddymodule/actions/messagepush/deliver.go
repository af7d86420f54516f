package messagepush

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// pushPatience is what the backend may take for one message. WeChat waits five seconds; what it repeats meanwhile is joined.
const pushPatience = time.Minute

// deliver passes a message on to next, and gives its reply. The client may go away meanwhile: what WeChat repeats then finds
// the work going on, or done. A message that next does not accept is kept, if that is asked for.
func (p *MessagePush) deliver(r *http.Request, next caddyhttp.Handler, to receiver, m *push.Message) (*pushReply, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), pushPatience)
	defer cancel()
	var way []byte
	if p.Keep > 0 {
		way = WayOf(r).encode()
	}
	plain := m.Plain
	if p.Enrich {
		plain = to.enrich(ctx, m)
	}
	setPush(r, m, plain, to.appID)
	reply := &pushReply{header: make(http.Header)}
	began := time.Now()
	err := p.call(next, reply, r.WithContext(ctx))
	nonsense := false
	if err == nil {
		nonsense, err = reply.check(m, p.Replies == repliesOff)
	}
	p.tell(to, m, plain, reply, err, began)
	if err == nil {
		to.DropPush(m)
		return reply, nil
	}
	if p.Keep > 0 {
		to.KeepPush(m, reply.status, way)
	}
	problem := problem.Newf(http.StatusBadGateway, problem.ReasonBackendFailed, "the backend did not accept the message")
	problem.Err = errors.New(err.Error()) // as text: it is no answer to this request, though it may be meant as one
	problem.Warn = nonsense
	return nil, problem
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

// Interface guards
var (
	_ http.ResponseWriter = (*pushReply)(nil)
	_ http.Flusher        = (*pushReply)(nil)
)
