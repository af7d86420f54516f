package state

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// maxAhead is how far in the future others may have learned something: further means a wrong clock.
const maxAhead = 5 * time.Minute

// Learned is what is known of how WeChat gives tickets.
func (m *Machine) Learned() value.Learned {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.learned
}

// Learn takes what v, which WeChat has just given, teaches beside what came before it. ahead is how far WeChat's clock is ahead.
func (m *Machine) Learn(v value.Value, ahead time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var was *value.Value
	if cur := m.Current(); cur != nil {
		was = &cur.Value
		if l := m.learned; l.Differed > 0 && was.Text != v.Text && was.Obtained.Add(ahead+value.ClockSlack).UnixMilli() < l.At {
			return // another process has seen this very change, and counted it
		}
	}
	l, told := m.learned.Seen(was, v)
	l.At = m.learned.At
	if told {
		l.At = v.Obtained.Add(ahead).UnixMilli()
	}
	m.learned = l
}

// Taught takes what another process has learned, if that is later than what we have.
func (m *Machine) Taught(l value.Learned, wechatNow time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.At > m.learned.At && l.At <= wechatNow.Add(maxAhead).UnixMilli() {
		m.learned = l
	}
}

// Lend notes that the value is lent now: as long as that is not long ago, its renewal is due earlier.
func (m *Machine) Lend(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lentAt = now
	if cur := m.Current(); cur != nil && !cur.Lent.Swap(true) && cur.Early() {
		m.wake()
	}
}

// lent tells whether h's like has been lent within its life. m.mu is held.
func (m *Machine) lent(h *value.Held, now time.Time) bool {
	return !m.lentAt.IsZero() && now.Sub(m.lentAt) < h.Expires.Sub(h.Obtained)
}
