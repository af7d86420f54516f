package renewal

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/turns"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// ErrNoForce says that a forced refresh was asked for and none is allowed now. Nothing was tried.
var ErrNoForce = errors.New("no forced refresh is allowed now: 15 a day, 35 s apart, and only with a store whose lock can be had")

// Renewal renews one credential. It belongs to no configuration: each flight brings its own Env.
type Renewal struct {
	Kind    value.Kind
	Name    string                            // of the record in the store; hashed
	Copy    string                            // of the copy of its value
	State   *state.Machine                    // what the flights change
	Address *address.Address                  // of this process, as WeChat sees it
	Need    func(context.Context, *Env) error // gets the credential without which this one cannot be fetched; nil: there is none

	Turns  *turns.Queue // the process's
	Waited func() bool  // whether somebody waits for the credential; from when on, Hurry is called

	flying  atomic.Bool
	turn    atomic.Pointer[turns.Turn] // of the flight under way
	foreign atomic.Bool                // the store held what we cannot open: said once
	bound   bound                      // of the flights, one after the other, as is own
	own     pace.Own                   // this process's calls
}

// Flying tells whether a flight is under way.
func (r *Renewal) Flying() bool { return r.flying.Load() }

// Hurry tells the flight under way that somebody waits for it.
func (r *Renewal) Hurry() {
	if turn := r.turn.Load(); turn != nil {
		turn.Hurry()
	}
}

// Want is what a flight is for.
type Want struct {
	Urgent  bool // callers wait: any usable value will do
	Refresh bool // an operator asks: a new value whatever the old one is, and whatever failed before
	Force   bool // with Refresh: a forced refresh of a stable token

	// Cause is the context of the request that the flight is for; nil: of none. Its values are those of the flight's calls, so that
	// traces know them; its end is not.
	Cause context.Context
}

// flight is one renewal: the store first, then its lock, the store again, then WeChat.
type flight struct {
	*Renewal
	env    *Env
	want   Want
	turn   *turns.Turn
	not    string // the value to be replaced, if WeChat refused it
	unlock func() // nil: the lock is not ours
	same   bool   // what was fetched is what was there before
	owed   bool   // a call was counted in the record and has brought nothing
	forced bool   // WeChat was made to replace a token that it refused and gave again
}
