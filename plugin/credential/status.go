package credential

import "time"

// Status is what there is to see of a credential from one process. It holds no secret.
type Status struct {
	State       State
	Obtained    time.Time // zero without a value, like Expires
	Expires     time.Time
	Source      Source
	NextAttempt time.Time // when the next renewal or attempt is due; zero: when somebody asks

	LastError   error // of the last attempt of the fleet that failed, though others may have succeeded since; nil: none known
	LastErrorAt time.Time

	Fetched int // values that WeChat gave this process, or who else keeps them
	Adopted int // values that it took from the store
	Failed  int // attempts that failed
	Refused int // values that WeChat refused when they were used
}

// Status tells how the credential stands, seen from own's clock.
func (k *Keeper) Status(own *Env) Status {
	now := own.Now()
	s := Status{State: k.state.State(now)}
	if h := k.state.Current(); h != nil {
		s.Obtained, s.Expires, s.Source, s.NextAttempt = h.Obtained, h.Expires, h.Source, h.RenewAt
	}
	if u := k.state.Blocked(now); u != nil && u.RetryAt.After(s.NextAttempt) {
		s.NextAttempt = u.RetryAt
	}
	past := k.state.History.Past()
	s.LastError, s.LastErrorAt = past.LastError, past.LastErrorAt
	if at, err := k.address.Refused(); at.After(s.LastErrorAt) && err != nil {
		s.LastError, s.LastErrorAt = err, at // whichever credential met it
	}
	s.Fetched, s.Adopted, s.Failed, s.Refused = past.Fetched, past.Adopted, past.Failed, past.Refused
	return s
}

// Held gives the values in memory, the current one first, then the one before it; ended and refused ones too. It fetches
// nothing.
func (k *Keeper) Held() []Value { return k.state.Held() }
