package messagepush

import (
	"errors"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// tell tells those who listen of a message and of what came of it.
func (p *MessagePush) tell(to receiver, m *push.Message, plain []byte, reply *pushReply, err error, began time.Time) {
	if !observe.Listeners.Listening() || p.isPlatforms(to, m) {
		return
	}
	heard := observe.Heard{
		Time: began.UTC(), Account: to.name, Event: m.Event, CardID: m.CardID, Message: string(plain),
		Status: reply.status, Answer: string(reply.body[:min(len(reply.body), observe.MaxHeard)]), Accepted: err == nil,
		Millis: time.Since(began).Milliseconds(),
	}
	if err != nil {
		heard.Error = err.Error()
		if e, ok := errors.AsType[caddyhttp.HandlerError](err); ok { // its status is what Caddy would say: nobody answered
			heard.Error = fmt.Sprintf("HTTP %d: %v", e.StatusCode, e.Err)
		}
	}
	observe.Listeners.Tell(heard)
}

// isPlatforms tells whether a message is a third-party platform's (第三方平台): those hold its verify tickets and the
// authorisations of its accounts, and have no MsgType. What is encrypted for a platform counts as its own, too.
func (p *MessagePush) isPlatforms(to receiver, m *push.Message) bool {
	return p.component != nil || p.componentAppID != "" || m.MsgType == "" || m.Encrypted() && m.Receiver() != to.whose
}
