package credential

import (
	"sync"
	"time"
)

// address is what WeChat last said of the address that this process calls from. A refusal is a fact about the process
// and the account, whichever credential was asked for: after one, all Keepers of the account together make one attempt
// at a time, a minute or more apart. It ends with a call that WeChat takes, and with another secret.
type address struct {
	keepers []*Keeper // of the account; it does not change

	mu     sync.Mutex
	err    error // the refusal; nil: there is none
	at     time.Time
	until  time.Time // of the next attempt
	count  int       // attempts since the refusal, the first one included
	config string    // fingerprint of the configuration
}

// refuse notes a refusal and tells when the next attempt is due.
func (a *address) refuse(err error, now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.count, a.until = 1, now.Add(setupWait(1)) // else the attempt has set them when it began
	}
	a.err, a.at = err, now
	return a.until
}

// refused gives the refusal, if there is one, and when it came.
func (a *address) refused() (at time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, a.err
}

// barred gives the refusal that forbids to call WeChat at now, and until when. It is nil when there is none.
func (a *address) barred(now time.Time) (until time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.until) {
		return a.until, a.err
	}
	return time.Time{}, nil
}

// try takes the attempt that is due for its caller: the others must wait for the one after. It gives what barred does
// when none is due.
func (a *address) try(now time.Time) (until time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		return time.Time{}, nil
	}
	if now.Before(a.until) {
		return a.until, a.err
	}
	a.count++
	a.until = now.Add(setupWait(a.count))
	return time.Time{}, nil
}

// hurry lets the next attempt be made at once, and those after it begin with short waits again.
func (a *address) hurry() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until, a.count = time.Time{}, 0
}

// take notes a call that WeChat took.
func (a *address) take() {
	a.mu.Lock()
	was := a.err
	a.forget()
	a.mu.Unlock()
	if was == nil {
		return
	}
	for _, k := range a.keepers {
		k.mu.Lock()
		k.look()
		k.mu.Unlock()
	}
}

// configure notes the current configuration. Another one than before starts afresh.
func (a *address) configure(fingerprint string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.config != fingerprint {
		a.config = fingerprint
		a.forget()
	}
}

// forget ends the refusal. a.mu is held.
func (a *address) forget() { a.err, a.until, a.count = nil, time.Time{}, 0 }
