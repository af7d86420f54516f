package cards

import (
	"encoding/json"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// MaxCards is how many cards are remembered.
const MaxCards = 10_000

// Store is all cards.
type Store struct {
	strict     bool
	customCode map[string]bool // of the cards that spring up, those with use_custom_code
	now        func() time.Time
	cards      *lru.Map[string, *Card]
}

// NewStore makes an empty Store. Strict: no card springs up; customCode are those that would with use_custom_code.
func NewStore(strict bool, customCode []string, now func() time.Time) *Store {
	s := &Store{strict: strict, customCode: make(map[string]bool, len(customCode)), now: now}
	for _, id := range customCode {
		s.customCode[id] = true
	}
	s.Forget()
	return s
}

// Forget forgets all cards.
func (s *Store) Forget() { s.cards = lru.New[string, *Card](MaxCards) }

// Put makes a card, or replaces it, as /card/create would, but with an id of the caller's choice.
func (s *Store) Put(appID, id string, card []byte) error {
	if !isCardID(id) {
		return wire.ErrBadCardID
	}
	var req Request
	if json.Unmarshal(card, &req) != nil {
		return wire.ErrBadJSON
	}
	c, err := New(appID, id, req, s.now())
	if err != nil {
		return err
	}
	s.cards.Add(id, c)
	return nil
}

// Add takes in a card that New has made.
func (s *Store) Add(c *Card) { s.cards.Add(c.ID, c) }

// Find gives a card of anybody's, deleted or not; none springs up.
func (s *Store) Find(id string) (*Card, bool) { return s.cards.Get(id) }

// Contains says whether a card is there; that does not count as a use.
func (s *Store) Contains(id string) bool { return s.cards.Contains(id) }

// Remove takes back what sprang up for a trial.
func (s *Store) Remove(id string) { s.cards.Remove(id) }

// All gives the cards, those unused for longest first.
func (s *Store) All() []*Card { return s.cards.Values() }

// isCardID says whether id has the form of one.
func isCardID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, b := range []byte(id) {
		if !wire.IsAlphanumeric(b) && b != '_' && b != '-' {
			return false
		}
	}
	return true
}
