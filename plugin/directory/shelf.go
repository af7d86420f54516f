package directory

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"golang.org/x/sync/singleflight"
)

const (
	maxAccounts = 20_000
	maxUnknown  = 10_000
	maxLooks    = 64 // that are under way at a source

	lookTimeout  = 5 * time.Second
	staleWait    = 500 * time.Millisecond // how long a request waits that could have what was there last
	failureFresh = time.Second            // how long a failed look is believed, where Fresh is no shorter
	unknownFresh = time.Minute            // the same for a name that is unknown
)

// shelf is a source with what is remembered of it.
type shelf struct {
	source Source
	now    func() time.Time
	log    *complaints
	fades  time.Duration // past Fresh; below 0: never

	accounts *recent.Cache[string, held]   // by app id
	aliases  *recent.Cache[string, called] // by alias
	none     *recent.Cache[uint64, vain]   // by a hash of the name: unknown ones are anybody's, and as long as they like
	seed     maphash.Seed

	flights singleflight.Group
	slots   chan struct{} // of looks under way
	changes atomic.Uint64 // counts what was changed or forgotten here
	rest    rest
}

// held is an account that a look has given.
type held struct {
	entry  Entry
	looked time.Time // when that look began
	again  bool      // it is to be looked at again all the same
}

// called is whose an alias was.
type called struct {
	appID  string
	looked time.Time
	again  bool
}

// vain is a look that gave nothing.
type vain struct {
	err   error // ErrUnknown, or why it failed
	until time.Time
}

func newShelf(source Source, now func() time.Time, log *complaints) *shelf {
	s := &shelf{
		source: source, now: now, log: log, fades: -1,
		accounts: recent.New[string, held](maxAccounts),
		aliases:  recent.New[string, called](maxAccounts),
		none:     recent.New[uint64, vain](maxUnknown),
		seed:     maphash.MakeSeed(),
		slots:    make(chan struct{}, maxLooks),
	}
	if f, ok := source.(Fading); ok {
		s.fades = f.Fades()
	}
	return s
}

// have gives what is remembered of a name, however old.
func (s *shelf) have(name string) (h held, ok bool) {
	if object.IsAppID(name) {
		return s.accounts.Get(name)
	}
	c, ok := s.aliases.Get(name)
	if !ok {
		return held{}, false
	}
	if h, ok = s.accounts.Get(c.appID); !ok || h.entry.Alias != name {
		return held{}, false
	}
	if c.looked.Before(h.looked) { // the account alone was looked for since; whose its alias is that did not tell
		h.looked = c.looked
	}
	h.again = h.again || c.again
	return h, true
}

// knows tells whether a name is that of an account.
func (s *shelf) knows(name string) bool {
	_, ok := s.have(name)
	return ok
}

// look gives the account of a name: what is remembered while it is fresh, else what the source has. Where that cannot be asked, it is
// what was there last.
func (s *shelf) look(ctx context.Context, v *visit, name string) (Entry, error) {
	now := s.now()
	h, known := s.have(name)
	if known && !h.again && now.Sub(h.looked) < s.source.Fresh() {
		return h.entry, nil
	}
	if last, ok := s.none.Get(s.hash(name)); ok && now.Before(last.until) {
		return s.last(h, known, last.err)
	}
	if !v.mayLook() {
		return Entry{}, ErrUnknown
	}
	if err := s.rest.resting(now); err != nil {
		return s.last(h, known, err)
	}
	wait := ctx
	if known {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(ctx, staleWait)
		defer cancel()
	}
	var looked atomic.Bool // a look that nobody waits for any more may still begin
	e, err := shared.Do(wait, &s.flights, name, func(ctx context.Context) (Entry, error) {
		looked.Store(true)
		return s.ask(ctx, name)
	})
	v.looked = v.looked || looked.Load()
	if err == nil || errors.Is(err, ErrUnknown) {
		return e, err
	}
	if wait.Err() != nil && ctx.Err() == nil {
		s.none.Add(s.hash(name), vain{errSlow, s.now().Add(failureFresh)}) // nobody else waits for it meanwhile
	}
	return s.last(h, known, err)
}

// errSlow is what a look came to that took too long for those who can do without.
var errSlow = errors.New("no answer yet")

// last gives what was there last, if that may still be used, where err is all that there is else.
func (s *shelf) last(h held, known bool, err error) (Entry, error) {
	if errors.Is(err, ErrUnknown) {
		return Entry{}, ErrUnknown
	}
	if known && (s.fades < 0 || s.now().Sub(h.looked) < s.source.Fresh()+s.fades) {
		return h.entry, nil
	}
	return Entry{}, err
}

// ask asks the source, and remembers what it says.
func (s *shelf) ask(ctx context.Context, name string) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	asked := s.now()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return Entry{}, s.failed(name, ctx.Err(), asked)
	}
	began, changes := s.now(), s.changes.Load()
	e, err := s.source.Look(ctx, name)
	if err == nil && !e.isCalled(name) {
		err = &Broken{name, errors.New("they are those of another account")}
	}
	if s.changes.Load() != changes { // it may have looked before something was changed here
		return e, err
	}
	switch {
	case err == nil:
		s.rest.end()
		s.accounts.Add(e.AppID, held{entry: e, looked: began})
		if e.Alias == name {
			s.aliases.Add(name, called{appID: e.AppID, looked: began})
		}
		s.none.Remove(s.hash(name))
	case errors.Is(err, ErrUnknown):
		s.rest.end()
		s.drop(name)
		s.none.Add(s.hash(name), vain{ErrUnknown, began.Add(min(s.source.Fresh(), unknownFresh))})
	default:
		return Entry{}, s.failed(name, err, asked)
	}
	return e, err
}

// failed notes a look that says nothing, and when it was asked for, and makes its error.
func (s *shelf) failed(name string, err error, asked time.Time) error {
	now := s.now()
	_, isBroken := errors.AsType[*Broken](err)
	err = fmt.Errorf("looking for an account in %s: %w", s.source.Name(), err)
	s.none.Add(s.hash(name), vain{err, now.Add(min(s.source.Fresh(), failureFresh))})
	if isBroken {
		s.rest.end()
		s.log.broken(now, s.source.Name(), name, err)
	} else {
		s.rest.failed(now, name, err, now.Sub(asked))
		s.log.unreachable(now, s.source.Name(), err)
	}
	return err
}

// drop forgets that a name is an account's.
func (s *shelf) drop(name string) {
	if object.IsAppID(name) {
		s.accounts.Remove(name)
	} else {
		s.aliases.Remove(name)
	}
}

// doubt has a name looked for at once when it is asked for next. Looks that are under way are not remembered. That the name is known stays
// so until then: it is no matter of bounds.
func (s *shelf) doubt(name string) {
	s.changes.Add(1)
	s.flights.Forget(name)
	s.none.Remove(s.hash(name))
	if h, ok := s.accounts.Get(name); ok {
		h.again = true
		s.accounts.Add(name, h)
	}
	if c, ok := s.aliases.Get(name); ok {
		c.again = true
		s.aliases.Add(name, c)
	}
}

func (s *shelf) hash(name string) uint64 { return maphash.String(s.seed, name) }
