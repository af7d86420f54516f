// Package oauth is the codes that visitors of web pages (网页授权) were given, and what such a visitor does at WeChat's page. Nothing
// in it is safe for concurrent use.
package oauth

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// CodeLife is how long a code can be exchanged.
const CodeLife = 5 * time.Minute

// The scopes that there are.
const (
	Base     = "snsapi_base"
	UserInfo = "snsapi_userinfo"
)

// What a visitor may do who is asked.
const (
	Ask      = "ask" // looks at the page and chooses
	Allow    = "allow"
	Deny     = "deny"
	Snapshot = "snapshot"
)

// Mood is what visitors do at WeChat's page, and how WeChat is. The zero value: the demo user is shown the page where he has to agree.
type Mood struct {
	User    string `json:"user"`    // who opens pages; default: demo
	Consent string `json:"consent"` // ask, allow, deny or snapshot, where a visitor has to agree; default: ask
	Double  bool   `json:"double"`  // the callback is fetched once more before the browser goes there
	Unbound bool   `json:"unbound"` // the account is not bound at open.weixin.qq.com: there is no unionid
	Untold  bool   `json:"untold"`  // nothing says that a snapshot is one, as some developers report
	Domain  string `json:"domain"`  // the one host that visitors may be sent back to; default: any
}

// Request is what a site has asked of a visitor.
type Request struct {
	App, RedirectURI, Scope, State string
	// Component is the third-party platform that asks on the account's behalf; "": it does so itself.
	Component string
}

// Grant is what a code stands for.
type Grant struct {
	App, User, Scope string
	Component        string
	Snapshot         bool
	Made             time.Time
	used             bool
}

// Store is all codes, the requests that wait for consent, and the mood.
type Store struct {
	Mood    Mood
	grants  *lru.Map[string, *Grant]
	pending *lru.Map[string, Request]
}

// New makes a Store without any.
func New() *Store {
	s := &Store{grants: lru.New[string, *Grant](lru.MaxRecords), pending: lru.New[string, Request](lru.MaxRecords)}
	_ = s.SetMood(Mood{})
	return s
}

// SetMood says what visitors do from now on.
func (s *Store) SetMood(m Mood) error {
	m.User, m.Consent = cmp.Or(m.User, users.Demo), cmp.Or(m.Consent, Ask)
	if !slices.Contains([]string{Ask, Allow, Deny, Snapshot}, m.Consent) {
		return fmt.Errorf("consent is %s, %s, %s or %s, not %q", Ask, Allow, Deny, Snapshot, m.Consent)
	}
	s.Mood = m
	return nil
}

// Wait keeps a request until the visitor has chosen, and names it.
func (s *Store) Wait(r Request) string {
	name := secret.Text(24)
	s.pending.Add(name, r)
	return name
}

// Waiting gives a request that waits. A visitor may choose again.
func (s *Store) Waiting(name string) (Request, bool) { return s.pending.Get(name) }

// Grant gives a code for a request.
func (s *Store) Grant(r Request, snapshot bool, now time.Time) (code string) {
	code = secret.Text(24)
	s.grants.Add(code, &Grant{App: r.App, Component: r.Component, User: s.Mood.User, Scope: r.Scope, Snapshot: snapshot, Made: now})
	return code
}

// Exchange uses a code up, which the account asked for or, where that is said, a platform. It fails with WeChat's refusal.
func (s *Store) Exchange(app, component, code string, now time.Time) (*Grant, error) {
	g, found := s.grants.Get(code)
	switch {
	case code == "":
		return nil, wire.ErrNoWebCode
	case !found || g.App != app || g.Component != component:
		return nil, wire.ErrBadJSCode
	case g.used:
		return nil, wire.ErrUsedJSCode
	case now.Sub(g.Made) >= CodeLife:
		return nil, wire.ErrBadJSCode
	}
	g.used = true
	return g, nil
}
