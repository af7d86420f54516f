// Package address remembers that WeChat refuses the address that this process calls from. No I/O.
package address

import (
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
)

// Address is what WeChat last said of the address that this process calls from. A refusal is a fact about the process
// and the account, whichever credential was asked for: after one, all credentials of the account together make one attempt
// at a time, a minute or more apart. It ends with a call that WeChat takes, and with another secret.
type Address struct {
	ended []func() // told when a refusal has ended

	mu     sync.Mutex
	err    error // the refusal; nil: there is none
	at     time.Time
	until  time.Time // of the next attempt
	count  int       // attempts since the refusal, the first one included
	config string    // fingerprint of the configuration
}

// OnTaken has f called whenever WeChat has taken a call after a refusal. It must be called before anything else is.
func (a *Address) OnTaken(f func()) { a.ended = append(a.ended, f) }

// Refuse notes a refusal and tells when the next attempt is due.
func (a *Address) Refuse(err error, now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.count, a.until = 1, now.Add(pace.Setup(1)) // else the attempt has set them when it began
	}
	a.err, a.at = err, now
	return a.until
}

// Refused gives the refusal, if there is one, and when it came.
func (a *Address) Refused() (at time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, a.err
}

// Barred gives the refusal that forbids to call WeChat at now, and until when. It is nil when there is none.
func (a *Address) Barred(now time.Time) (until time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.until) {
		return a.until, a.err
	}
	return time.Time{}, nil
}

// Try takes the attempt that is due for its caller: the others must wait for the one after. It gives what Barred does
// when none is due.
func (a *Address) Try(now time.Time) (until time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		return time.Time{}, nil
	}
	if now.Before(a.until) {
		return a.until, a.err
	}
	a.count++
	a.until = now.Add(pace.Setup(a.count))
	return time.Time{}, nil
}

// Hurry lets the next attempt be made at once, and those after it begin with short waits again.
func (a *Address) Hurry() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until, a.count = time.Time{}, 0
}

// Take notes a call that WeChat took.
func (a *Address) Take() {
	a.mu.Lock()
	was := a.err
	a.forget()
	a.mu.Unlock()
	if was == nil {
		return
	}
	for _, tell := range a.ended {
		tell()
	}
}

// Configure notes the current configuration. Another one than before starts afresh.
func (a *Address) Configure(fingerprint string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.config != fingerprint {
		a.config = fingerprint
		a.forget()
	}
}

// forget ends the refusal. a.mu is held.
func (a *Address) forget() { a.err, a.until, a.count = nil, time.Time{}, 0 }
