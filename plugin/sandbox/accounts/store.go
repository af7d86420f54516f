package accounts

import (
	"crypto/subtle"
	"maps"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// MaxApps is how many accounts are remembered: a third-party platform serves ten thousand.
const MaxApps = 20_000

// DefaultExpiresIn is how long tokens and tickets live if nothing else is said: as at WeChat.
const DefaultExpiresIn = 7200 * time.Second

// Store is all accounts.
type Store struct {
	// ExpiresIn is how long tokens and tickets live.
	ExpiresIn time.Duration
	// Rule is what getticket gives to who asks again. Default: Fresh.
	Rule Rule

	// MiniPrograms are those of the apps that are mini programs, secrets by app id. All others are official accounts then; where there
	// are none nobody knows which is which.
	MiniPrograms map[string]string
	// Foreign is what WeChat says of the token of an official account on a mini program's calls, and the other way round: 40001, which
	// developers report most, or 48001, which its pages say. Default: 40001.
	Foreign int

	// Secured are the apps that have API 安全 switched on, by app id.
	Secured map[string]Secured

	secrets map[string]string // by app id; nil: any id with any secret
	apps    *lru.Map[string, *App]
	tokens  *lru.Map[string, *Token]
}

// New makes a Store of accounts with these secrets, by app id; nil: any id with any secret. Tokens and
// tickets live for expiresIn, or DefaultExpiresIn if that is not positive.
func New(secrets map[string]string, expiresIn time.Duration) *Store {
	if expiresIn <= 0 {
		expiresIn = DefaultExpiresIn
	}
	return &Store{
		ExpiresIn: expiresIn, Rule: Fresh, secrets: secrets, Secured: make(map[string]Secured),
		apps: lru.New[string, *App](MaxApps), tokens: lru.New[string, *Token](lru.MaxRecords),
	}
}

// Authenticate checks what proves an app's identity. It fails with WeChat's refusal.
func (s *Store) Authenticate(id, secret, grant, wantGrant string) (*App, error) {
	switch {
	case id == "":
		return nil, wire.ErrNoAppID
	case grant != wantGrant:
		return nil, wire.ErrBadGrant
	case secret == "":
		return nil, wire.ErrNoSecret
	}
	want, found := s.MiniPrograms[id]
	if !found {
		want, found = s.secrets[id]
	}
	if found || s.secrets != nil {
		if !found {
			return nil, wire.ErrBadAppID
		}
		if subtle.ConstantTimeCompare([]byte(secret), []byte(want)) == 0 {
			return nil, wire.ErrBadSecret
		}
	}
	if len(id) > wire.MaxText {
		return nil, wire.ErrBadAppID
	}
	a := s.App(id)
	a.Secret = secret
	return a, nil
}

// App gives the record of an app, made on first use.
func (s *Store) App(id string) *App {
	a, found := s.apps.Get(id)
	if !found {
		a = &App{ID: id, Tickets: make(map[string][]*Ticket)}
		s.apps.Add(id, a)
	}
	return a
}

// Known gives the ids of the apps that are configured, in order.
func (s *Store) Known() []string {
	ids := slices.Collect(maps.Keys(s.secrets))
	for id := range s.MiniPrograms {
		if _, twice := s.secrets[id]; !twice {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// All gives the apps, those unused for longest first.
func (s *Store) All() []*App { return s.apps.Values() }

// Forget forgets quotas, menus, forced refreshes and what Revoke has left to come. Tokens and tickets stay as they are.
func (s *Store) Forget() {
	for _, a := range s.apps.Values() {
		a.quota, a.clears, a.forced, a.sticky, a.Menu = daily{}, monthly{}, forced{}, false, nil
	}
}
