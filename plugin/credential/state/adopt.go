package state

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// Adopt makes h, a value out of the store, ours when it is better than what we have. It returns what is current then,
// or nil when h is not better.
func (m *Machine) Adopt(h *value.Held, now time.Time) *value.Held {
	cur := m.Current()
	same := cur != nil && cur.Text == h.Text
	newer := cur == nil || h.Obtained.After(cur.Obtained)
	if same {
		newer = h.Obtained.After(cur.Obtained.Add(value.ClockSlack)) // and not by the store's idea of time alone
	}
	if m.diedWith(cur, h) {
		return nil
	}
	if same && h.Expires.Sub(cur.Expires).Abs() < value.ClockSlack && cur.Ends.Before(h.Ends) {
		h.Ends = cur.Ends // it lives from its first sight, not from its last
	}
	// A newer ticket is better though it is to be asked for again already: what is asked then may fail.
	if !h.Usable(now, m.kind) || cur.Usable(now, m.kind) && (!newer || h.Due(now) && !m.kind.IsTicket()) {
		return nil
	}
	return m.Land(h, now)
}
