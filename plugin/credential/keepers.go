package credential

import (
	"context"

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

// Keepers are the Keepers of one account. They outlive configurations: see Env.
type Keepers struct {
	all map[Kind]*Keeper
}

// NewKeepers makes the Keepers of an account, in this process. They hold no value yet and run nothing.
func (p *Process) NewKeepers(id ID) *Keepers {
	// One cache for the account. It expires nothing and so has no janitor: the Keeper alone judges a value's life.
	values := cache.New(cache.NoExpiration, 0)
	weChat := new(address.Address) // as it sees this process
	all := make(map[Kind]*Keeper, len(Kinds))
	for _, kind := range Kinds {
		at, needs, owner := weChat, all[AccessToken], id.Token
		if kind != AccessToken {
			owner = id.Tickets
		}
		if owner != "" {
			at, needs = new(address.Address), nil // WeChat's refusals are none of the owner's
		}
		all[kind] = p.newKeeper(kind, id.hash(string(kind)), values, at, needs)
	}
	return &Keepers{all: all}
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
		needs.neededBy = append(needs.neededBy, k)
	}
	return k
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
