// Package world is all that the sandbox remembers, in one place.
package world

import (
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/chats"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/consents"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/faults"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
)

// World is all that the sandbox remembers. Whoever uses what stands below the mutex holds it; the rest looks after itself.
type World struct {
	Now    func() time.Time
	Seal   *secret.Seal
	Log    exchanges.Log
	Calls  exchanges.Calls
	Faults faults.List

	sync.Mutex

	Epoch    string // a name for this life of the sandbox
	Accounts *accounts.Store
	Users    *users.Store
	OAuth    *oauth.Store
	Cards    *cards.Store
	Codes    *codes.Store
	Consents *consents.Store
	Chats    *chats.Store
	Platform *platform.Store
	Outbox   *outbox.Outbox
	Nonces   *lru.Map[string, struct{}] // of successful wx.addCard calls
}

// New makes a World of these accounts, platforms and cards, which nothing has happened in.
func New(a *accounts.Store, p *platform.Store, c *cards.Store, now func() time.Time) *World {
	w := &World{Now: now, Seal: secret.NewSeal(), Accounts: a, Platform: p, Cards: c, Outbox: outbox.New()}
	w.Reset()
	return w
}

// Reset forgets cards, codes, users, consents, menus, faults, call counts, exchanges, quotas, what waits to be pushed, and revocations to
// come. Tokens, tickets and authorisations stay as they are, so that whoever holds them works on.
func (w *World) Reset() {
	w.Lock()
	defer w.Unlock()
	w.Log.Forget()
	w.Calls.Forget()
	_ = w.Faults.Heal(0) // all of them
	w.Epoch = secret.Text(9)
	w.Accounts.Forget()
	w.Cards.Forget()
	asNumber := w.Users != nil && w.Users.CountryAsNumber
	w.Users = users.New()
	w.Users.CountryAsNumber = asNumber
	w.OAuth = oauth.New()
	w.Codes = codes.New()
	w.Consents = consents.New()
	w.Chats = chats.New()
	w.Platform.Forget()
	w.Outbox.Forget()
	w.Nonces = lru.New[string, struct{}](lru.MaxRecords)
}

// OpenID is the openid of a user in an app.
func (w *World) OpenID(appID, user string) string {
	w.Lock()
	defer w.Unlock()
	return w.Users.OpenID(appID, user)
}

// SetMood says what visitors do at WeChat's page from now on.
func (w *World) SetMood(m oauth.Mood) error {
	w.Lock()
	defer w.Unlock()
	return w.OAuth.SetMood(m)
}

// Secure switches API 安全 on for an app.
func (w *World) Secure(appID string, with accounts.Secured) {
	w.Lock()
	defer w.Unlock()
	w.Accounts.Secured[appID] = with
}

// Push has an event of a platform's pushed now; nil: none. The world is locked.
func (w *World) Push(e *platform.Event) {
	if e != nil && e.Component.EventsURL != "" {
		w.Outbox.Add(outbox.Push{Component: e.Component.ID, Kind: e.Kind, AppID: e.AppID, Text: e.Text, Due: w.Now()})
	}
}

// PutCard makes a card, or replaces it, as /card/create would, but with an id of the caller's choice.
func (w *World) PutCard(appID, id, card string) error {
	w.Lock()
	defer w.Unlock()
	return w.Cards.Put(appID, id, []byte(card))
}

// Revoke ends credentials at once.
func (w *World) Revoke(rev accounts.Revocation) error {
	w.Lock()
	defer w.Unlock()
	return w.Accounts.Revoke(rev, w.Now())
}
