package activation

import (
	"crypto/sha256"
	"time"
)

// ownerTTL is how long it is remembered which card an activate_ticket came with. How long tickets live is nowhere documented; an
// access_token's life is more than a user needs to come back from the form.
const ownerTTL = 2 * time.Hour

// owner is the card that an activate_ticket came with first.
type owner struct {
	card  [sha256.Size]byte
	until time.Time
}

// OwnTicket tells whether an activate_ticket may speak for a card, code being the plain one. WeChat does not say which card's a
// ticket is: the first one that it comes with is the only one, as long as this process remembers it, which is two hours or 8192
// tickets.
func (m *Members) OwnTicket(ticket, cardID, code string) bool {
	s := m.state
	key := sha256.Sum256([]byte(ticket))
	mine := owner{sha256.Sum256([]byte(cardID + " " + code)), m.now().Add(ownerTTL)}
	s.owning.Lock()
	defer s.owning.Unlock()
	if first, ok := s.owners.Get(key); ok && m.now().Before(first.until) {
		return first.card == mine.card
	}
	s.owners.Add(key, mine)
	return true
}
