package relay

import (
	"context"
	"errors"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/relay"
)

// relayCall is one call on its way through the proxy, which does not see the query. It is the context of the request that goes there,
// which is how relayTransport finds it.
type relayCall struct {
	context.Context
	relay.Call
	account  *plugin.Account
	streamed *streamedBody // the client's body; nil: there is none
	err      error         // why there is no answer
}

type relayCallKey struct{}

// Value implements context.Context.
func (c *relayCall) Value(key any) any {
	if key == (relayCallKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// relayTransport is what the proxy sends calls by: the client of the account, which chooses the host, trusts the
// app's authorities and goes through its proxy, as our own calls do.
type relayTransport struct{}

// relayError is an error as the proxy should see it: a cancelled request is not our failure, and nothing else may look
// like one.
func relayError(req *http.Request, err error) error {
	if req.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return errors.New(err.Error())
}
