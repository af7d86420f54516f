// Package relay sends the calls that backends make of WeChat's API, with the account's access_token.
package relay

import (
	"context"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Call is a call of WeChat's API that a backend has made.
type Call struct {
	API     string        // what metrics call it
	Request *http.Request // its query does not count; for its Body, see wechat.Relay
	Query   string        // holds no access_token unless OwnToken is set
	Body    []byte        // stands in the place of Request.Body unless nil: a call whose body is kept can be repeated

	// OwnToken says that the call proves itself otherwise than by the account's access_token: it gets none, and what
	// WeChat says of its token says nothing of ours.
	OwnToken bool
}

// Caller makes calls with the account's access_token; again tells whether a call can be repeated.
type Caller interface {
	CallAgain(ctx context.Context, call func(token string) error, again func() bool) error
}

// Relayer relays the calls of one account.
type Relayer struct {
	caller Caller
	client *wechat.Client
}

// New makes a Relayer from what makes calls and the client to make them of.
func New(caller Caller, client *wechat.Client) *Relayer { return &Relayer{caller, client} }

// Relay sends a call to WeChat with the account's access_token, once more with another one if WeChat refuses the first,
// and gives the answer whatever it says. A call whose body was streamed is not repeated, but the token is not used again.
func (r *Relayer) Relay(call Call) (*http.Response, error) {
	relay := wechat.Relay{API: call.API, Request: call.Request, Query: call.Query, Body: call.Body}
	if call.OwnToken {
		return answered(r.client.Relay(relay))
	}
	var resp *http.Response
	err := r.caller.CallAgain(call.Request.Context(), func(token string) (err error) {
		relay.AccessToken = token
		resp, err = r.client.Relay(relay) //nolint:bodyclose // closed below, or by the caller
		return err
	}, func() bool {
		if call.Body == nil && call.Request.Body != nil && call.Request.Body != http.NoBody {
			return false
		}
		_ = resp.Body.Close()
		resp = nil
		return true
	})
	return answered(resp, err)
}

// answered leaves it to the caller to read what WeChat answered.
func answered(resp *http.Response, err error) (*http.Response, error) {
	if resp != nil {
		return resp, nil
	}
	return nil, err
}
