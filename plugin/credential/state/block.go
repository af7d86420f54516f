package state

import (
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// LookPause is the time between two looks into the store while a failure forbids to ask WeChat.
const LookPause = 2 * time.Second

// Fail notes a failure and returns what its callers are told. What is current stays. random is in [0, 1).
func (m *Machine) Fail(err error, now time.Time, random float64) *Unavailable {
	u, inherited := errors.AsType[*Unavailable](err)
	if e, ok := errors.AsType[*wechat.Error](err); ok && !inherited && e.RefusesAddress() {
		return &Unavailable{Kind: m.kind, RetryAt: m.address.Refuse(err, now), Err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	count := 0
	var until time.Time
	if inherited {
		until, err = u.RetryAt, u.Err
	} else if c, ok := errors.AsType[*pace.OverCap](err); ok {
		until = c.Until
	} else if e, ok := errors.AsType[*wechat.Error](err); ok && e.Reaction() != wechat.Credential {
		until = e.NotBefore(now)
		if until.IsZero() && e.Reaction() != wechat.Transient {
			count = m.block.count + 1
			until = now.Add(pace.Setup(count))
		}
	}
	if !until.After(now) { // nothing said when, or that has passed meanwhile
		if m.backoff == nil {
			m.backoff = pace.NewBackoff()
		}
		until = now.Add(pace.Jitter(m.backoff.NextBackOff(), random))
	}
	m.block = block{until: until, err: err, count: count, inherited: inherited}
	m.wake()
	return &Unavailable{Kind: m.kind, RetryAt: until, Err: err}
}

// Bind takes over a failure that another process of the fleet met, or forbids to try until then for another reason.
// count is how often in a row it was.
func (m *Machine) Bind(until time.Time, count int, err error) *Unavailable {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.block = block{until: until, err: err, count: count}
	m.wake()
	return &Unavailable{Kind: m.kind, RetryAt: until, Err: err}
}

// Blocked gives the block in force at now, nil when there is none.
func (m *Machine) Blocked(now time.Time) *Unavailable {
	until, err := m.address.Barred(now)
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.block.until) && until.Before(m.block.until) {
		err, until = m.block.err, m.block.until
	}
	if err == nil {
		return nil
	}
	return &Unavailable{Kind: m.kind, RetryAt: until, Err: err}
}

// MayLook takes the look into the store that is due at now while blocked, and tells whether one is.
func (m *Machine) MayLook(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.lookAt) {
		return false
	}
	m.lookAt = now.Add(LookPause)
	return true
}

// RecentFailure is why the last attempt failed; nil when it did not, or when the next one has been allowed for longer than
// soon.
func (m *Machine) RecentFailure(now time.Time, soon time.Duration) error {
	if err := m.address.Recent(now, soon); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Sub(m.block.until) > soon {
		return nil
	}
	return m.block.err
}
