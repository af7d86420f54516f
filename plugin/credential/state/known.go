package state

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// overlap is how long WeChat takes a token still that another one has replaced: its pages on access_token say five
// minutes. A token's own end may come earlier.
const overlap = 5 * time.Minute

// Held gives the values in memory, the current one first, then the one before it; ended and refused ones too.
func (m *Machine) Held() []value.Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	var values []value.Value
	if cur := m.Current(); cur != nil {
		values = append(values, cur.Value)
	}
	if m.previous != nil {
		values = append(values, m.previous.Value)
	}
	return values
}

// Knows tells, in constant time, whether text is a value that works at now: the current one, or the one before it while
// WeChat takes that still.
func (m *Machine) Knows(text string, now time.Time) bool {
	m.mu.Lock()
	cur, previous := m.Current(), m.previous
	m.mu.Unlock()
	sum := sha256.Sum256([]byte(text)) // of one length, so that the time does not tell the value's
	same := func(h *value.Held) bool {
		other := sha256.Sum256([]byte(h.Text))
		return subtle.ConstantTimeCompare(sum[:], other[:]) == 1
	}
	if cur.Usable(now, m.kind) && same(cur) {
		return true
	}
	return previous.Usable(now, m.kind) && now.Sub(cur.Obtained) < overlap && same(previous)
}
