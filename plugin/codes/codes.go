// Package codes decrypts the codes of cards, and remembers them for a while.
package codes

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/sync/singleflight"
)

// codeTTL is how long a decrypted code is remembered, or WeChat's refusal to decrypt it. The code behind an encrypted
// one never changes; the bound is for memory, and so that a refusal by mistake passes.
const codeTTL = 5 * time.Minute

// maxCodes bounds what is remembered of clients' requests.
const maxCodes = 8192

// decrypted is what WeChat said of an encrypted code.
type decrypted struct {
	code  string
	err   error
	until time.Time
}

// State is what an account knows of codes. It outlives configurations.
type State struct {
	codes    *recent.Cache[string, decrypted] // by encrypted code
	decrypts singleflight.Group

	clientLimit limit.Bucket // for what anybody may ask
	ticketLimit limit.Bucket // for what came with an activate_ticket: strangers cannot use it up
}

// NewState makes a State without any code, with the limits of Limit.
func NewState(clients, tickets int) *State {
	codes := recent.New[string, decrypted](maxCodes)
	s := &State{codes: codes}
	s.Limit(clients, tickets)
	return s
}

// Limit sets the limits in calls a minute, of codes that clients send and of those that came with an activate_ticket, unless they
// are in force already: a reload fills no bucket.
func (s *State) Limit(clients, tickets int) {
	s.clientLimit.Set("decrypt", clients)
	s.ticketLimit.Set("decrypt", tickets)
}

// Caller makes calls with the account's access_token, within a limit.
type Caller interface {
	CallWithin(ctx context.Context, bucket *limit.Bucket, call func(token string) error) error
}

// Codes decrypts codes.
type Codes struct {
	caller Caller
	client *wechat.Client
	now    func() time.Time
	state  *State
}

// New makes Codes from what makes calls, the client to make them of, our clock, and what is remembered.
func New(caller Caller, client *wechat.Client, now func() time.Time, state *State) *Codes {
	return &Codes{caller, client, now, state}
}

// DecryptCode turns the encrypted code that wx.addCard and wx.chooseCard give into the plain one that wx.openCard
// wants (POST /card/code/decrypt). It proves nothing about whose code or which card's it is. Clients choose what is
// asked here, so the calls are bounded: past the limit it fails with *limit.Busy.
func (c *Codes) DecryptCode(ctx context.Context, encrypted string) (string, error) {
	return c.decrypt(ctx, &c.state.clientLimit, encrypted)
}

// DecryptTicketCode is DecryptCode for a code that came with an activate_ticket which WeChat knows: such calls have a limit of
// their own.
func (c *Codes) DecryptTicketCode(ctx context.Context, encrypted string) (string, error) {
	return c.decrypt(ctx, &c.state.ticketLimit, encrypted)
}

func (c *Codes) decrypt(ctx context.Context, bucket *limit.Bucket, encrypted string) (string, error) {
	s := c.state
	if d, ok := c.remembered(encrypted); ok {
		return d.code, d.err
	}
	return shared.Do(ctx, &s.decrypts, encrypted, func(ctx context.Context) (code string, err error) {
		if d, ok := c.remembered(encrypted); ok { // another's call ended just now
			return d.code, d.err
		}
		err = c.caller.CallWithin(ctx, bucket, func(token string) (err error) {
			code, err = c.client.DecryptCode(ctx, token, encrypted)
			return err
		})
		if err == nil || wechat.Is(err, wechat.Refused) {
			s.codes.Add(encrypted, decrypted{code, err, c.now().Add(codeTTL)})
		}
		return code, err
	})
}

func (c *Codes) remembered(encrypted string) (decrypted, bool) {
	d, ok := c.state.codes.Get(encrypted)
	return d, ok && c.now().Before(d.until)
}
