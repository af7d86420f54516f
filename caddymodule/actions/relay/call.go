package relay

import (
	"context"
	"io"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/relay"
)

// relayCall is one call on its way through the proxy. It is the context of the request that goes there,
// which is how relayTransport finds it.
type relayCall struct {
	context.Context
	relay.Call
	account  *plugin.Account
	w        http.ResponseWriter
	streamed *streamedBody // the client's body; nil: there is none
	answer   io.ReadCloser // the body of WeChat's answer
	failed   error         // why there is no answer
}

type relayCallKey struct{}

// Value implements context.Context.
func (c *relayCall) Value(key any) any {
	if key == (relayCallKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// callOf finds the call of a request.
func callOf(r *http.Request) *relayCall { return r.Context().Value(relayCallKey{}).(*relayCall) }
