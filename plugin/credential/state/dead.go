package state

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// A value is dead before its time when WeChat refused it in a call (errcode 40001, 40014 or 42001), and not for any other
// reason. Who made the call says so with Refuse.

// Refuse notes that WeChat refused text, if that is the current value, and what it said.
func (m *Machine) Refuse(text string, cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if cur := m.Current(); cur != nil && cur.Text == text && !cur.Refused.Swap(true) {
		m.refusal = cause
		m.History.refuse()
		m.wake()
	}
}

// Refused gives the value that WeChat refused, as long as no other has come; else it is empty.
func (m *Machine) Refused() string {
	if cur := m.Current(); cur.IsRefused() {
		return cur.Text
	}
	return ""
}

// RefusedWith adds to err what WeChat said when it last refused a value.
func (m *Machine) RefusedWith(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusal == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, m.refusal)
}

// diedWith tells whether h, a value out of the store, is dead because cur is, our current one: what was replaced by a
// value that is dead now is dead too.
func (m *Machine) diedWith(cur, h *value.Held) bool {
	if !cur.IsRefused() {
		return false
	}
	return cur.Text == h.Text || m.replaced(h.Text) || h.Obtained.Before(cur.Obtained.Add(-value.ClockSlack))
}

// replaced tells whether text is that of the value before the current one.
func (m *Machine) replaced(text string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.previous != nil && m.previous.Text == text
}

// Quarrelling takes the renewal of a refused value that is allowed at now (see pace.Quarrel). It returns when the next
// is allowed, or the zero time when this one is. random is in [0, 1).
func (m *Machine) Quarrelling(now time.Time, random float64) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.quarrel.Take(now, random)
}
