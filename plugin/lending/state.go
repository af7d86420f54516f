package lending

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Bounds of what is remembered, and of what is made of it.
const (
	maxLent = 16 // tokens; of one account there are few at a time

	probeEvery = time.Minute // at most
	insistence = 4           // times that a token is asked for within probeEvery, before that looks like a complaint
)

// State is what is remembered of an account's loans across configurations, in this process.
type State struct {
	mu     sync.Mutex
	lent   map[hash]time.Time // access_tokens, and until when those whom they were lent may hold them to be good
	asked  hash               // the access_token that was lent last,
	when   []time.Time        // and when it was
	probed time.Time
}

// hash stands for a token, which is not kept.
type hash [sha256.Size]byte

// NewState makes a State of an account that has lent nothing.
func NewState() *State { return &State{lent: make(map[hash]time.Time)} }

// note notes that an access_token was lent until then.
func (s *State) note(token string, until, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first hash
	for h, ends := range s.lent {
		if !now.Before(ends) {
			delete(s.lent, h)
		} else if was, ok := s.lent[first]; !ok || ends.Before(was) {
			first = h
		}
	}
	h := hash(sha256.Sum256([]byte(token)))
	if len(s.lent) >= maxLent {
		delete(s.lent, first)
	}
	if until.After(s.lent[h]) {
		s.lent[h] = until
	}
}

// holds tells whether somebody whom the token was lent may hold it to be good still. Hashes are compared: the time that it
// takes tells nothing of a token.
func (s *State) holds(token string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.lent[sha256.Sum256([]byte(token))])
}

// forget forgets what was lent: a token of those may be in the wrong hands.
func (s *State) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.lent)
}

// insisted notes that the token is asked for, and tells whether that is so often that it looks like a complaint. It does so
// no more than once in probeEvery.
func (s *State) insisted(token string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := hash(sha256.Sum256([]byte(token))); h != s.asked {
		s.asked, s.when = h, nil
	}
	s.when = append(s.when, now)
	s.when = s.when[max(0, len(s.when)-insistence):]
	if len(s.when) < insistence || now.Sub(s.when[0]) > probeEvery || now.Sub(s.probed).Abs() < probeEvery {
		return false
	}
	s.probed = now
	return true
}
