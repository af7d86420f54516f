// Package relay sends the calls that backends make of WeChat's API, with the account's access_token.
package relay

import (
	"context"
	"net/http"
	"net/url"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
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

	// Secure seals the call and opens its answer, unless it is nil. The call is a POST whose Body is kept, or that has none, and is
	// no OwnToken; secure.ErrNoObject is the error where the Body cannot be sealed. Params, of secure.ParseQuery, are then what counts
	// of the query.
	Secure *secure.Channel
	Params url.Values
}

// Caller makes calls with the account's access_token.
type Caller interface {
	CallAgain(ctx context.Context, call account.Call) error
}

// Relayer relays the calls of one account.
type Relayer struct {
	caller Caller
	client *wechat.Client
}

// New makes a Relayer from what makes calls and the client to make them of.
func New(caller Caller, client *wechat.Client) *Relayer { return &Relayer{caller, client} }

// CheckPath tells, by a *wechat.ForeignToken, that a path wants the access_token of another kind of account.
func (r *Relayer) CheckPath(path string) error { return r.client.CheckPath(path) }

// Relay sends a call to WeChat with the account's access_token, once more with another one if WeChat refuses the first,
// and gives the answer whatever it says. A call whose body was streamed is not repeated, but the token is not used again.
func (r *Relayer) Relay(call Call) (*http.Response, error) {
	relay := wechat.Relay{API: call.API, Request: call.Request, Query: call.Query, Body: call.Body}
	if call.OwnToken {
		return answered(r.client.Relay(relay))
	}
	if err := r.CheckPath(call.Request.URL.EscapedPath()); err != nil {
		return nil, err
	}
	if call.Secure != nil {
		relay.Sealed = &sealer{call.Secure, call.Request.URL.EscapedPath(), call.Params, call.Body}
		relay.Query = ""
	}
	a := &attempt{client: r.client, relay: relay}
	err := r.caller.CallAgain(call.Request.Context(), a)
	return answered(a.resp, err)
}

// attempt is a call on its way.
type attempt struct {
	client *wechat.Client
	relay  wechat.Relay
	resp   *http.Response // WeChat's latest answer, to be passed on; nil: there is none
}

// Make implements account.Call.
func (a *attempt) Make(token string) (err error) {
	a.relay.AccessToken = token
	a.resp, err = a.client.Relay(a.relay) //nolint:bodyclose // closed by Again, or by whom it is passed on to
	return err
}

// Again implements account.Call: a body that was streamed is gone.
func (a *attempt) Again() bool {
	if body := a.relay.Request.Body; a.relay.Body == nil && body != nil && body != http.NoBody {
		return false
	}
	_ = a.resp.Body.Close()
	a.resp = nil
	return true
}

// answered leaves it to the caller to read what WeChat answered.
func answered(resp *http.Response, err error) (*http.Response, error) {
	if resp != nil {
		return resp, nil
	}
	return nil, err
}

// sealer implements wechat.Sealer.
type sealer struct {
	channel *secure.Channel
	path    string
	params  url.Values
	body    []byte
}

// Seal seals anew each time, for what is sealed has its moment.
func (s *sealer) Seal(header http.Header) (http.Header, []byte, error) {
	call, err := s.channel.Seal(s.path, s.params, s.body)
	if err != nil {
		return nil, nil, err
	}
	return call.Over(header), call.Body, nil
}

// Open implements wechat.Sealer.
func (s *sealer) Open(header http.Header, body []byte) (answer []byte, plain bool, err error) {
	return s.channel.Open(s.path, header, body)
}
