// Package platform is the third-party platforms (第三方平台) that exist: their tickets and tokens, the accounts that could authorise them,
// and those that have. Nothing in it is safe for concurrent use.
//
// WeChat's rules are those of its pages on 第三方平台. Where they are silent, or developers report several things, Switches say which.
package platform

import (
	"cmp"
	"crypto/subtle"
	"maps"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Component is a third-party platform.
type Component struct {
	ID string
	Settings
	// Stopped says that WeChat pushes no tickets, until api_start_push_ticket.
	Stopped bool
	// NextTicket is when the next one is pushed.
	NextTicket time.Time
	// Taken is when the platform took a ticket last; zero: it has not yet.
	Taken time.Time

	cipher  *push.Cipher // nil: nothing is pushed
	tickets []ticket
	token   *token
	grants  map[string]*Authorisation // by app id
	spent   spent
}

// Store is all platforms, and the accounts that may authorise them.
type Store struct {
	components map[string]*Component
	accounts   *accounts.Store
	merchants  *lru.Map[string, *Merchant]
	refused    map[refusal]int            // errcodes
	tokens     *lru.Map[string, *token]   // of components
	preAuths   *lru.Map[string, *preAuth] // by code
	codes      *lru.Map[string, *code]    // authorization codes
	scans      *lru.Map[string, *Scan]    // that wait for a merchant
}

// New makes a Store of these platforms, by app id, whose settings are good.
func New(settings map[string]Settings, a *accounts.Store) *Store {
	s := &Store{
		components: make(map[string]*Component, len(settings)), accounts: a,
		tokens:   lru.New[string, *token](lru.MaxRecords),
		preAuths: lru.New[string, *preAuth](lru.MaxRecords), codes: lru.New[string, *code](lru.MaxRecords),
	}
	for id, set := range settings {
		c := &Component{ID: id, Settings: set, grants: make(map[string]*Authorisation)}
		c.Switches = c.Switches.withDefaults(a.ExpiresIn)
		if set.EncodingAESKey != "" {
			c.cipher, _ = push.NewCipher(set.EncodingAESKey) // Check has seen it
		}
		s.components[id] = c
	}
	s.Forget()
	return s
}

// Forget forgets merchants that were made, what is refused to whom, and scans that wait. Tickets, tokens and authorisations stay as they
// are, so that whoever holds them works on.
func (s *Store) Forget() {
	s.merchants = lru.New[string, *Merchant](accounts.MaxApps)
	s.refused = make(map[refusal]int)
	s.scans = lru.New[string, *Scan](MaxScans)
	for _, m := range invented {
		_, _ = s.PutMerchant(m) // is a good one
	}
}

// All gives the platforms in the order of their ids.
func (s *Store) All() []*Component {
	list := make([]*Component, 0, len(s.components))
	for _, id := range slices.Sorted(maps.Keys(s.components)) {
		list = append(list, s.components[id])
	}
	return list
}

// Component gives a platform by its app id; "" is the only one there is.
func (s *Store) Component(id string) (*Component, bool) {
	if id == "" && len(s.components) == 1 {
		for _, c := range s.components {
			return c, true
		}
	}
	c, found := s.components[id]
	return c, found
}

// Authenticate gives the platform that has this secret. It fails with WeChat's refusal.
func (s *Store) Authenticate(id, secret string) (*Component, error) {
	c, found := s.components[id]
	switch {
	case id == "":
		return nil, wire.ErrNoComponent
	case !found && s.isAccount(id):
		return nil, wire.ErrNoPlatform
	case !found:
		return nil, wire.ErrBadAppID
	case secret == "":
		return nil, wire.ErrNoSecret
	case subtle.ConstantTimeCompare([]byte(secret), []byte(c.Secret)) == 0:
		return nil, wire.ErrBadSecret
	}
	return c, nil
}

// Sealing is what a platform's pushes are sealed with.
type Sealing struct {
	ID, Token string
	Cipher    *push.Cipher
}

// Sealing gives what pushes are sealed with now.
func (c *Component) Sealing() Sealing { return Sealing{c.ID, c.Token, c.cipher} }

// Change gives a platform another secret, token or key, as its console does at once; "": the one that it has.
func (c *Component) Change(secret, token, encodingAESKey string) error {
	if encodingAESKey != "" {
		cipher, err := push.NewCipher(encodingAESKey)
		if err != nil {
			return err
		}
		c.cipher, c.EncodingAESKey = cipher, encodingAESKey
	}
	c.Secret, c.Token = cmp.Or(secret, c.Secret), cmp.Or(token, c.Token)
	return nil
}

// spent counts the calls of a day, by path.
type spent struct {
	day  string
	used map[string]int
}

// Spend counts a call of the component's own, or refuses it with 45009.
func (c *Component) Spend(path string, now time.Time) error {
	if today := now.In(accounts.ChinaTime).Format(time.DateOnly); c.spent.day != today {
		c.spent = spent{today, make(map[string]int)}
	}
	if c.spent.used[path] >= accounts.Limit(path) {
		return wire.ErrQuota
	}
	c.spent.used[path]++
	return nil
}
