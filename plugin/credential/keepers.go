package credential

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
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
	return seal.Hash(append(parts, more...)...)
}

// Keepers are the Keepers of one account. They outlive configurations: see Env. Each is made when it is first needed: few accounts
// use all kinds, and there may be ten thousand of them.
type Keepers struct {
	process *Process
	id      ID
	values  *cache.Cache     // of all of them
	weChat  *address.Address // this process's, as WeChat sees it

	all [3]atomic.Pointer[Keeper] // in the order of Kinds

	mu   sync.Mutex // held while one is made
	envs []*Env     // started and not stopped, the current one last
}

// NewKeepers makes the Keepers of an account, in this process. They hold no value yet and run nothing.
func (p *Process) NewKeepers(id ID) *Keepers {
	return &Keepers{
		process: p, id: id,
		// One cache for the account. It expires nothing and so has no janitor: the Keeper alone judges a value's life.
		values: cache.New(cache.NoExpiration, 0),
		weChat: new(address.Address),
	}
}

// Keeper gives the Keeper of a kind, nil for an unknown one.
func (ks *Keepers) Keeper(kind Kind) *Keeper {
	i := slices.Index(Kinds, kind)
	if i < 0 {
		return nil
	}
	if k := ks.all[i].Load(); k != nil {
		return k
	}
	ks.mu.Lock()
	defer ks.mu.Unlock()
	return ks.keeper(i)
}

// keeper is Keeper for who holds ks.mu, by the kind's place in Kinds.
func (ks *Keepers) keeper(i int) *Keeper {
	if k := ks.all[i].Load(); k != nil {
		return k
	}
	kind, at, owner := Kinds[i], ks.weChat, ks.id.Token
	var needs *Keeper
	if kind != AccessToken {
		owner, needs = ks.id.Tickets, ks.keeper(0)
	}
	if owner != "" {
		at, needs = new(address.Address), nil // WeChat's refusals are none of the owner's
	}
	k := ks.process.newKeeper(kind, ks.id.hash(string(kind)), ks.values, at, needs)
	for _, env := range ks.envs { // as if it had been there when they were started
		k.attach(env, false)
	}
	ks.all[i].Store(k)
	return k
}

// newKeeper makes a Keeper. name names what is its in the store; needs keeps the credential without which this one cannot be
// fetched, if there is one.
func (p *Process) newKeeper(kind Kind, name string, values *cache.Cache, at *address.Address, needs *Keeper) *Keeper {
	var needed *state.Machine
	var need func(context.Context, *Env) error
	if needs != nil {
		needed = needs.state
		need = func(ctx context.Context, env *Env) error {
			_, err := needs.Get(ctx, env)
			return err
		}
	}
	k := &Keeper{kind: kind, wakes: &p.wakes, needs: needs, address: at}
	k.state = state.New(kind, values, at, needed)
	k.state.OnChange(k.poke)
	k.renewal = &renewal.Renewal{
		Kind: kind, Name: "wechat_card/" + name, Copy: "wechat_card_copy/" + name,
		State: k.state, Address: at, Need: need, Turns: &p.turns, Waited: k.isWaitedFor,
	}
	if needs != nil {
		needs.mu.Lock()
		defer needs.mu.Unlock()
		needs.neededBy = append(needs.neededBy, k)
	}
	return k
}

// Start makes env the current configuration and keeps the credentials of the given kinds warm, in the background.
func (ks *Keepers) Start(env *Env, warm ...Kind) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	for i, kind := range Kinds {
		if wanted := slices.Contains(warm, kind); wanted || ks.all[i].Load() != nil {
			ks.keeper(i).attach(env, wanted)
		}
	}
	ks.envs = append(ks.envs, env)
}

// Stop undoes Start: the configuration that started before env is current again. It ends what runs for env and
// returns when all of it has ended, after two seconds or a little more at the most.
func (ks *Keepers) Stop(env *Env) {
	for _, done := range ks.detach(env) {
		defer func() { <-done }()
	}
	env.Stop()
}

// detach has all Keepers act for env no more. It gives what is closed when what runs for it has ended.
func (ks *Keepers) detach(env *Env) (ending []<-chan struct{}) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	ks.envs = slices.DeleteFunc(ks.envs, func(e *Env) bool { return e == env })
	for i := range ks.all {
		if k := ks.all[i].Load(); k != nil {
			if done := k.detach(env); done != nil {
				ending = append(ending, done)
			}
		}
	}
	return ending
}
