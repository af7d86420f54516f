package codes

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// key names a user's card. WeChat's own codes are unique in an account, a merchant's only with the card's id.
type key struct{ app, card, code string }

func keyOf(c *cards.Card, code string) key {
	if c.BaseInfo.UseCustomCode {
		return key{c.App, c.ID, code}
	}
	return key{c.App, "", code}
}

// Store is the cards that users have.
type Store struct {
	held *lru.Map[key, *Held]
	// Submitted is what users typed for a card, by the activate_ticket that says so.
	Submitted *lru.Map[string, *Submitted]
}

// New makes an empty Store.
func New() *Store {
	return &Store{lru.New[key, *Held](lru.MaxRecords), lru.New[string, *Submitted](lru.MaxRecords)}
}

// Of finds a user's card of an account by its code; cardID may be empty for WeChat's own codes. It fails with WeChat's
// refusal.
func (s *Store) Of(appID, cardID, code string) (*Held, error) {
	if code == "" {
		return nil, wire.ErrNoCode
	}
	if held, found := s.held.Get(key{appID, cardID, code}); found && cardID != "" {
		return held, nil
	}
	held, found := s.held.Get(key{appID, "", code})
	if !found || cardID != "" && held.Card.ID != cardID {
		return nil, wire.ErrBadSerial
	}
	return held, nil
}

// MemberOf finds a user's member card of an account that is not used up.
func (s *Store) MemberOf(appID, cardID, code string) (*Held, error) {
	held, err := s.Of(appID, cardID, code)
	switch {
	case err != nil:
		return nil, err
	case held.Card.Type != cards.MemberCard:
		return nil, wire.ErrNeedMember
	}
	return held, held.Refusal()
}

// Find gives what a card was handed out as with a code.
func (s *Store) Find(c *cards.Card, code string) (*Held, bool) { return s.held.Get(keyOf(c, code)) }

// Contains says whether a code of a card was handed out; that does not count as a use.
func (s *Store) Contains(c *cards.Card, code string) bool { return s.held.Contains(keyOf(c, code)) }

// All gives the cards that users have, those unused for longest first.
func (s *Store) All() []*Held { return s.held.Values() }

// HandOut gives a user a card, of which there must be one. An empty code lets WeChat choose one.
func (s *Store) HandOut(c *cards.Card, code, user string, now time.Time) *Held {
	switch {
	case code != "":
	case c.Deposit():
		code, c.Deposited = c.Deposited[0], c.Deposited[1:]
	default:
		code = s.newCode(c)
	}
	c.Quantity--
	held := &Held{Code: code, Card: c, User: user, Begin: now, Status: Normal}
	s.held.Add(keyOf(c, code), held)
	return held
}

// newCode makes a plain code of WeChat's: 12 digits.
func (s *Store) newCode(c *cards.Card) string {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		code := fmt.Sprintf("%012d", binary.BigEndian.Uint64(b[:])%1_000_000_000_000)
		if !s.Contains(c, code) {
			return code
		}
	}
}
