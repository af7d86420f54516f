package state

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/patrickmn/go-cache"
)

// Land makes h the current value, unless a newer one has landed meanwhile; it returns what is current then. It ends
// any block.
func (m *Machine) Land(h *value.Held, now time.Time) *value.Held {
	m.mu.Lock()
	defer m.mu.Unlock()
	cur := m.Current()
	if cur.Usable(now, m.kind) && cur.Obtained.After(h.Obtained) {
		return cur
	}
	if cur.IsRefused() && cur.Text == h.Text && !cur.Insisted.Load() {
		h.Refused.Store(true) // since it was asked for
	}
	h.Lent.Store(m.lent(h, now))
	h.Looked(now)
	m.values.Set(string(m.kind), h, cache.NoExpiration)
	m.block = block{}
	if cur != nil && cur.Text != h.Text {
		m.previous = cur
	}
	if cur == nil || cur.Text != h.Text { // the same token once more does not end a quarrel about it
		m.backoff = nil
	}
	m.wake()
	for _, other := range m.needed {
		other.disinherit()
	}
	return h
}

// disinherit ends a block that came from the credential that this one needs.
func (m *Machine) disinherit() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.block.inherited {
		m.block = block{}
		m.wake()
	}
}
