package push

import (
	"crypto/sha256"
	"strconv"
	"sync"
	"time"
)

// maxPairs bounds what is remembered: some 20 MB.
const maxPairs = 1 << 18

type digest [16]byte

// Pairs remembers which timestamps and nonces were used, and for which message. Past 262,144 of them it forgets the
// oldest, and takes no message any more that is as old as those and that it does not know.
type Pairs struct {
	mu       sync.Mutex
	messages map[digest]digest // by signature
	ring     []usedPair        // in order of arrival, from next on
	next     int
	floor    int64 // timestamps up to this one may have been forgotten
}

type usedPair struct {
	key       digest
	timestamp int64
}

// NewPairs makes Pairs that remember nothing.
func NewPairs() *Pairs { return &Pairs{messages: make(map[digest]digest)} }

// use reports whether a timestamp and its nonce are unused, or were used for this very message. They are named by their
// signature, which is right: it is the same for others whose digits, put together, are the same.
func (p *Pairs) use(q Query, name [sha256.Size]byte, now time.Time) bool {
	seconds, _ := strconv.ParseInt(q.Timestamp, 10, 64) // check has read it
	key, message := digest([]byte(q.Signature)[:16]), digest(name[:16])

	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.messages[key]; ok {
		return known == message
	}
	if seconds <= p.floor {
		return false
	}
	p.messages[key] = message
	added := usedPair{key, seconds}
	if len(p.ring) < maxPairs {
		p.ring = append(p.ring, added)
		return true
	}
	oldest := &p.ring[p.next]
	delete(p.messages, oldest.key)
	if time.Unix(oldest.timestamp, 0).Add(MaxAge).After(now) { // else it is refused for its age
		p.floor = max(p.floor, oldest.timestamp)
	}
	*oldest = added
	p.next = (p.next + 1) % maxPairs
	return true
}
