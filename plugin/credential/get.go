package credential

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"golang.org/x/sync/singleflight"
)

// errBusy says that callers could not be answered though nothing failed.
var errBusy = errors.New("renewals that began before were in the way; try again")

// Get gives a value that may be used now. It answers from memory where it can, waits for the fetch under way where it
// must (as long as ctx lasts), and fails at once with *Unavailable while a failure forbids to try again. own is the
// caller's configuration.
func (k *Keeper) Get(ctx context.Context, own *Env) (Value, error) {
	now := own.Now()
	if h := k.state.Serve(now); h != nil {
		switch {
		case !h.Due(now):
			if k.mayBeSuperseded(h, now) {
				return k.lookedAt(ctx, own, h), nil
			}
		case k.renewal.Flying() || k.refusing(own, now) != nil || k.renewsItself(now): // a flight looks into the store, too
		default:
			env := k.pick(own)
			if k.overlooked(h, now) {
				return k.seenAgain(ctx, env, h), nil
			}
			k.group.DoChan("", func() (any, error) { return k.renewal.Fly(env, renewal.Want{}) })
		}
		return h.Value, nil
	}
	if u := k.refusing(own, now); u != nil {
		return Value{}, u
	}
	return k.await(ctx, own)
}

// mayBeSuperseded tells whether it is time to look into the store, where another process may have put a newer one: an
// operator may have had a ticket renewed, and whoever renews it for his own reasons, or a token because he lends it, tells
// nobody else.
func (k *Keeper) mayBeSuperseded(h *value.Held, now time.Time) bool {
	return k.looks(h) && h.UntilLook(now) <= 0 && !k.renewal.Flying()
}

// looks tells whether the store is looked into while h lives.
func (k *Keeper) looks(h *value.Held) bool { return k.kind.IsTicket() || h.Early() }

// look takes what another process has stored, if that is better than what is in memory. Callers share one look.
func (k *Keeper) look(own *Env) <-chan singleflight.Result {
	return k.group.DoChan("look", func() (any, error) {
		k.renewal.Look(k.pick(own))
		return nil, nil
	})
}

// lookedAt gives what there is when the store was looked into. Where nobody asks for long, nobody has looked for long either,
// so the look is waited for; a moment only, for there is a value. What is kept warm is looked at in time.
func (k *Keeper) lookedAt(ctx context.Context, own *Env, h *value.Held) Value {
	looked := k.look(own)
	if k.warm.Load() != nil {
		return h.Value
	}
	patience := time.NewTimer(retryPatience)
	defer patience.Stop()
	select {
	case <-looked:
		if seen := k.state.Serve(own.Now()); seen != nil {
			return seen.Value
		}
	case <-patience.C:
	case <-ctx.Done():
	}
	return h.Value
}

// overlooked tells whether nobody has asked for h, whose renewal is due, and so nobody has looked at it, for so long that it may
// be good no more: WeChat may have changed a ticket, or another process have had another one or another classic token.
func (k *Keeper) overlooked(h *value.Held, now time.Time) bool {
	return k.warm.Load() == nil && (k.looks(h) && h.UntilLook(now) <= 0 || k.kind.IsTicket() && h.Stale(now))
}

// seenAgain waits for the renewal of what was overlooked. It waits a moment only: there is a value.
func (k *Keeper) seenAgain(ctx context.Context, env *Env, h *value.Held) Value {
	ctx, cancel := context.WithTimeout(ctx, retryPatience)
	defer cancel()
	_, _ = k.ask(ctx, env, renewal.Want{})
	if seen := k.state.Serve(env.Now()); seen != nil { // it may have found a newer one in the store, though it failed
		return seen.Value
	}
	return h.Value
}

// renewsItself tells whether the credential is kept warm, and has that hurry: with all the others that are due, those first that
// end first. While WeChat must not be asked it only looks at the time, and not into the store.
func (k *Keeper) renewsItself(now time.Time) bool { return k.state.Blocked(now) == nil && k.poke() }

// Reject says that WeChat refused text with cause (errcode 40001, 40014 or 42001), and gives the value to repeat the
// call with. Any number of callers that were refused the same value cost one renewal.
func (k *Keeper) Reject(ctx context.Context, own *Env, text string, cause error) (Value, error) {
	k.state.Refuse(text, cause)
	return k.Get(ctx, own)
}

// Refused gives the value that WeChat refused, as long as no other has come; else it is empty.
func (k *Keeper) Refused() string { return k.state.Refused() }

// Drop says that WeChat refused text with cause, without asking for another value.
func (k *Keeper) Drop(text string, cause error) { k.state.Refuse(text, cause) }

// await is ask for callers outside, who have nothing to go on with.
func (k *Keeper) await(ctx context.Context, own *Env) (Value, error) {
	defer k.wait(ctx)()
	for range 3 {
		h, err := k.ask(ctx, own, renewal.Want{Urgent: true})
		if errors.Is(err, renewal.ErrNoForce) {
			continue // the flight that we joined was an operator's, and tried nothing
		}
		if errors.Is(err, renewal.ErrStopped) {
			err = &Unavailable{Kind: k.kind, RetryAt: own.Now(), Err: err}
		}
		if err != nil {
			if h := k.state.Serve(own.Now()); h != nil {
				return h.Value, nil // what it has found will do, though it failed to get what is better
			}
			return Value{}, err
		}
		if !h.IsRefused() {
			return h.Value, nil
		}
		// The flight that we joined had begun before the refusal.
	}
	return Value{}, &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(retryPatience), Err: k.state.RefusedWith(errBusy)}
}

// Refresh fetches a new value at once, whatever the old one is and whatever failed before: for operators. force spends
// one of the few forced refreshes of a stable access_token; where none is allowed, it fails.
func (k *Keeper) Refresh(ctx context.Context, own *Env, force bool) (Value, error) {
	defer k.wait(ctx)()
	asked := own.Now()
	for range 3 {
		h, err := k.ask(ctx, own, renewal.Want{Refresh: true, Force: force})
		if err != nil {
			return Value{}, err
		}
		if !h.Obtained.Before(asked) {
			return h.Value, nil
		}
		// The flight that we joined had begun before.
	}
	return Value{}, errBusy
}
