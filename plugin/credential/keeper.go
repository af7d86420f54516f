package credential

import (
	"context"
	"errors"

	"github.com/patrickmn/go-cache"
)

// ID names the credentials of one account. Two accounts share credentials when and only when their IDs are equal.
type ID struct {
	BaseURL string // first base URL of the API: a sandbox's ticket must never sign for the real account
	AppID   string
	Source  string // token source: tokens of /cgi-bin/token and /cgi-bin/stable_token live apart
	Token   string // who keeps the access_token, hashed; empty: WeChat gives it
	Tickets string // who keeps the tickets, hashed; empty: WeChat gives them (getticket), with the access_token
}

// Hash names the ID without showing it: 32 hex digits.
func (id ID) Hash() string { return id.hash() }

// hash names something that belongs to the ID.
func (id ID) hash(more ...string) string {
	parts := []string{id.BaseURL, id.AppID, id.Source}
	if id.Token != "" || id.Tickets != "" {
		parts = append(parts, id.Token, id.Tickets)
	}
	return hash(append(parts, more...)...)
}

// Keepers are the Keepers of one account. They outlive configurations: see Env.
type Keepers struct {
	all map[Kind]*Keeper
}

// NewKeepers makes the Keepers of an account. They hold no value yet and run nothing.
func NewKeepers(id ID) *Keepers {
	// One cache for the account. It expires nothing and so has no janitor: the Keeper alone judges a value's life.
	values := cache.New(cache.NoExpiration, 0)
	weChat := new(address) // as it sees this process
	all := make(map[Kind]*Keeper, len(Kinds))
	for _, kind := range Kinds {
		at, needs, owner := weChat, all[AccessToken], id.Token
		if kind != AccessToken {
			owner = id.Tickets
		}
		if owner != "" {
			at, needs = new(address), nil // WeChat's refusals are none of the owner's
		}
		all[kind] = newKeeper(kind, "wechat_card/"+id.hash(string(kind)), values, at, needs)
		at.keepers = append(at.keepers, all[kind])
	}
	return &Keepers{all: all}
}

// Keeper gives the Keeper of a kind, nil for an unknown one.
func (ks *Keepers) Keeper(kind Kind) *Keeper { return ks.all[kind] }

// Start makes env the current configuration and keeps the credentials of the given kinds warm, in the background.
func (ks *Keepers) Start(env *Env, warm ...Kind) {
	wanted := make(map[Kind]bool, len(warm))
	for _, kind := range warm {
		wanted[kind] = true
	}
	for _, kind := range Kinds {
		ks.all[kind].attach(env, wanted[kind])
	}
}

// Stop undoes Start: the configuration that started before env is current again. It ends what runs for env and
// returns when all of it has ended, after two seconds or a little more at the most.
func (ks *Keepers) Stop(env *Env) {
	var ending []<-chan struct{}
	for _, kind := range Kinds {
		if done := ks.all[kind].detach(env); done != nil {
			ending = append(ending, done)
		}
	}
	env.Stop()
	for _, done := range ending {
		<-done
	}
}

// Get gives a value that may be used now. It answers from memory where it can, waits for the fetch under way where it
// must (as long as ctx lasts), and fails at once with *Unavailable while a failure forbids to try again. own is the
// caller's configuration.
func (k *Keeper) Get(ctx context.Context, own *Env) (Value, error) {
	now := own.Now()
	if h := k.serve(now); h != nil {
		if h.due(now) && !k.flying.Load() && k.refusing(own, now) == nil {
			env := k.pick(own)
			k.group.DoChan("", func() (any, error) { return k.fly(env, want{}) })
		}
		return h.Value, nil
	}
	if u := k.refusing(own, now); u != nil {
		return Value{}, u
	}
	return k.await(ctx, own)
}

// Reject says that WeChat refused text with cause (errcode 40001, 40014 or 42001), and gives the value to repeat the
// call with. Any number of callers that were refused the same value cost one renewal.
func (k *Keeper) Reject(ctx context.Context, own *Env, text string, cause error) (Value, error) {
	k.refuse(text, cause)
	return k.Get(ctx, own)
}

// Refused gives the value that WeChat refused, as long as no other has come; else it is empty.
func (k *Keeper) Refused() string {
	if cur := k.current(); cur.isRefused() {
		return cur.Text
	}
	return ""
}

// Drop says that WeChat refused text with cause, without asking for another value.
func (k *Keeper) Drop(text string, cause error) { k.refuse(text, cause) }

// await is ask for callers outside, who have nothing to go on with.
func (k *Keeper) await(ctx context.Context, own *Env) (Value, error) {
	for range 3 {
		h, err := k.ask(ctx, own, want{urgent: true})
		if errors.Is(err, errNoForce) {
			continue // the flight that we joined was an operator's, and tried nothing
		}
		if errors.Is(err, errStopped) {
			err = &Unavailable{Kind: k.kind, RetryAt: own.Now(), Err: err}
		}
		if err != nil {
			return Value{}, err
		}
		if !h.isRefused() {
			return h.Value, nil
		}
		// The flight that we joined had begun before the refusal.
	}
	return Value{}, &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(retryPatience), Err: k.refusedWith(errBusy)}
}

// Refresh fetches a new value at once, whatever the old one is and whatever failed before: for operators. force spends
// one of the few forced refreshes of a stable access_token; where none is allowed, it fails.
func (k *Keeper) Refresh(ctx context.Context, own *Env, force bool) (Value, error) {
	asked := own.Now()
	for range 3 {
		h, err := k.ask(ctx, own, want{refresh: true, force: force})
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
