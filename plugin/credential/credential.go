// Package credential keeps the short-lived credentials of one official account: its access_token, its card
// api_ticket and its jsapi_ticket. A Keeper fetches one of them, caches it in memory, shares it with the fleet
// through a Store, renews it before it ends, and replaces it when WeChat refuses it.
//
// Where to read on, from the ground up: package value has a value's life, seal and record what lies in the store, pace how
// often WeChat may be asked, turns whose call comes next of all accounts in the process, wake who is looked after when, address what WeChat refuses this machine for all credentials, state the states of a credential
// and every change from one to another (state/dead.go: who decides that a token is dead), renewal the one renewal at a
// time (renewal/wait.go: why a second process waits). Here, keeper.go has what a Keeper is and ask.go how callers join
// its renewal; get.go, lend.go and status.go have what callers use, loop.go what starts a renewal when nobody asks,
// keepers.go the Keepers of one account, and process.go what all of them share. How a slow or broken store is kept from hurting is in plugin/storeguard.
package credential

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// What callers use of the packages below, by its name here.
type (
	// Kind names one of the credentials of an account.
	Kind = value.Kind

	// Value is a credential and its life by the local clock.
	Value = value.Value

	// Source says where a value came from.
	Source = value.Source

	// State is what a credential is in, seen from one process.
	State = state.State

	// Unavailable says that there is no usable credential just now, whatever the cause.
	Unavailable = state.Unavailable

	// Store is where a fleet shares credentials and where they survive a restart.
	Store = storeguard.Store

	// Expiring is a Store whose keys can end by themselves.
	Expiring = storeguard.Expiring

	// Aging is a Store that tells how long ago a key was stored.
	Aging = storeguard.Aging

	// EnvConfig is what one configuration gives the Keepers of its account.
	EnvConfig = renewal.EnvConfig

	// Env is one configuration's side of the Keepers: how to fetch, where to share, where to log. Keepers outlive it.
	Env = renewal.Env

	// Event tells of a renewal, or of an attempt that failed.
	Event = renewal.Event
)

// The kinds.
const (
	AccessToken = value.AccessToken
	APITicket   = value.APITicket
	JSAPITicket = value.JSAPITicket
)

// The sources.
const (
	FromWeChat = value.FromWeChat
	FromStore  = value.FromStore
)

// The states.
const (
	None     = state.None
	Fresh    = state.Fresh
	Renewing = state.Renewing
	Expired  = state.Expired
)

// Kinds lists all kinds, the one that the others need first.
var Kinds = value.Kinds

// NewEnv makes an Env. It starts nothing and calls nobody. Stop must be called when its configuration ends.
func NewEnv(cfg EnvConfig) (*Env, error) { return renewal.NewEnv(cfg) }
