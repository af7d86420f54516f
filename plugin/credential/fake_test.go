package credential

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// fakeWeChat hands out numbered credentials and counts how often it was asked.
type fakeWeChat struct {
	mu       sync.Mutex
	calls    map[Kind]int
	forced   int
	lifetime time.Duration
	delay    time.Duration
	fail     func(kind Kind, call int) error // nil error: success
	stable   bool                            // the token stays the same until its last five minutes or a forced refresh
	token    wechat.Grant

	rule    Rule                 // of tickets; unknown: fresh
	phase   time.Duration        // grid: when WeChat's clock strikes, in a lifetime
	tickets map[Kind]*fakeTicket // the latest
	changed map[string]time.Time // when WeChat changed tickets
	asked   map[Kind][]time.Time // when tickets were asked for
}

// fakeTicket is a ticket, and when WeChat changes it or did.
type fakeTicket struct {
	text string
	ends time.Time
}

// Rule is how tickets are given.
type Rule = value.Rule

// ticket is what getticket gives. w.mu is held.
func (w *fakeWeChat) ticket(kind Kind, n int) (text string, lifetime time.Duration) {
	now := time.Now()
	w.asked[kind] = append(w.asked[kind], now)
	t := w.tickets[kind]
	if t == nil || w.rule == value.RuleFresh || w.rule == value.RuleUnknown || !now.Before(t.ends) {
		if t != nil {
			changed := now
			if t.ends.Before(now) {
				changed = t.ends
			}
			w.changed[t.text] = changed
		}
		t = &fakeTicket{fmt.Sprintf("%s-%d", kind, n), now.Add(w.lifetime)}
		if w.rule == value.RuleGrid {
			t.ends = now.Add(-w.phase).Truncate(w.lifetime).Add(w.phase + w.lifetime)
			for !t.ends.After(now) {
				t.ends = t.ends.Add(w.lifetime)
			}
			for t.ends.Sub(now) > w.lifetime {
				t.ends = t.ends.Add(-w.lifetime)
			}
		}
		w.tickets[kind] = t
	}
	if w.rule == value.RuleHonest {
		return t.text, max(t.ends.Sub(now).Truncate(time.Second), time.Second)
	}
	return t.text, w.lifetime
}

// superseded tells for how long WeChat has had another ticket than text.
func (w *fakeWeChat) superseded(kind Kind, text string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.tickets[kind]; t != nil && t.text == text {
		if w.rule == value.RuleFresh || w.rule == value.RuleUnknown {
			return 0
		}
		return max(0, time.Since(t.ends))
	}
	at, ok := w.changed[text]
	if !ok {
		return 0
	}
	return time.Since(at)
}

func newFake() *fakeWeChat {
	return &fakeWeChat{
		calls: map[Kind]int{}, lifetime: 2 * time.Hour,
		tickets: map[Kind]*fakeTicket{}, changed: map[string]time.Time{}, asked: map[Kind][]time.Time{},
	}
}

func (w *fakeWeChat) fetch(now func() time.Time) func(context.Context, Kind, bool) (wechat.Grant, error) {
	return func(ctx context.Context, kind Kind, force bool) (wechat.Grant, error) {
		requested := now()
		w.mu.Lock()
		w.calls[kind]++
		n := w.calls[kind]
		if force {
			w.forced++
		}
		fail, delay := w.fail, w.delay
		w.mu.Unlock()
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				return wechat.Grant{}, ctx.Err()
			}
		}
		if fail != nil {
			if err := fail(kind, n); err != nil {
				return wechat.Grant{}, err
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.stable && kind == AccessToken && !force && w.token.Value != "" {
			if left := time.Until(w.token.Requested.Add(w.token.Lifetime)); left > 5*time.Minute {
				return wechat.Grant{Value: w.token.Value, Lifetime: left, Requested: requested}, nil
			}
		}
		g := wechat.Grant{Value: fmt.Sprintf("%s-%d", kind, n), Lifetime: w.lifetime, Requested: requested}
		if kind != AccessToken {
			g.Value, g.Lifetime = w.ticket(kind, n)
		}
		if kind == AccessToken {
			w.token = wechat.Grant{Value: g.Value, Lifetime: g.Lifetime, Requested: time.Now()}
		}
		return g, nil
	}
}

func (w *fakeWeChat) count(kind Kind) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[kind]
}

func (w *fakeWeChat) setFail(f func(Kind, int) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = f
}

// fakeStore is a store in memory, with the faults that real ones have.
type fakeStore struct {
	mu       sync.Mutex
	data     map[string][]byte
	locks    map[string]chan struct{}
	stored   []string // keys in the order of writing
	loads    int
	fail     error         // of everything
	readOnly bool          // Store and Lock fail
	hang     chan struct{} // not nil: everything waits for it, whatever the context says
	dead     bool          // locks are never given
	slow     time.Duration // every call takes so long, unless its context ends first
	noUnlock int           // so many calls of Unlock fail

	lockCtx context.Context // of the lock given last
}

func newStore() *fakeStore {
	return &fakeStore{data: map[string][]byte{}, locks: map[string]chan struct{}{}}
}

var errReadOnly = errors.New("read-only file system")

func (s *fakeStore) enter(ctx context.Context) error {
	s.mu.Lock()
	hang, slow, err := s.hang, s.slow, s.fail
	s.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (s *fakeStore) Lock(ctx context.Context, name string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	for {
		s.mu.Lock()
		if s.readOnly {
			s.mu.Unlock()
			return errReadOnly
		}
		held, ok := s.locks[name]
		if !ok && !s.dead {
			s.locks[name] = make(chan struct{})
			s.lockCtx = ctx
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *fakeStore) Unlock(ctx context.Context, name string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noUnlock > 0 {
		s.noUnlock--
		return errReadOnly
	}
	held, ok := s.locks[name]
	if !ok {
		return fs.ErrNotExist
	}
	delete(s.locks, name)
	close(held)
	return nil
}

func (s *fakeStore) Store(ctx context.Context, key string, value []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readOnly {
		return errReadOnly
	}
	s.data[key] = append([]byte(nil), value...)
	s.stored = append(s.stored, key)
	return nil
}

func (s *fakeStore) Load(ctx context.Context, key string) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	v, ok := s.data[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return append([]byte(nil), v...), nil
}

// counts tells how often the store was read, and how many locks are held.
func (s *fakeStore) counts() (loads, locks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads, len(s.locks)
}

// node is one process of a fleet.
type node struct {
	*Keepers
	env *Env
}

type nodeOptions struct {
	store   Store
	secret  string
	classic bool
	noForce bool
	skew    time.Duration // of this node's clock
	slewed  bool          // it goes a little slower than timers do
	offset  time.Duration // that it has measured
	logger  *slog.Logger
}

func newNode(t testing.TB, w *fakeWeChat, o nodeOptions) *node {
	t.Helper()
	began := time.Now()
	now := func() time.Time {
		now := time.Now().Add(o.skew)
		if o.slewed {
			now = now.Add(-time.Since(began) / 10_000)
		}
		return now
	}
	n := &node{Keepers: NewKeepers(ID{BaseURL: "https://api.weixin.qq.com", AppID: "wx0123456789abcdef", Source: "stable"})}
	raw := w.fetch(func() time.Time { return n.env.Now() })
	if o.secret == "" {
		o.secret = "s3cr3t"
	}
	var err error
	n.env, err = NewEnv(EnvConfig{
		Fetch: func(ctx context.Context, kind Kind, force bool) (wechat.Grant, error) {
			if kind != AccessToken {
				if _, err := n.Keeper(AccessToken).Get(ctx, n.env); err != nil {
					return wechat.Grant{}, err
				}
			}
			return raw(ctx, kind, force)
		},
		Store: o.store, Secret: o.secret, Classic: o.classic, ForceRefresh: !o.noForce,
		Now: now, Offset: func() time.Duration { return o.offset },
		Logger: o.logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) get(t testing.TB, kind Kind) string {
	t.Helper()
	v, err := n.Keeper(kind).Get(t.Context(), n.env)
	if err != nil {
		t.Fatalf("Get(%s): %v", kind, err)
	}
	return v.Text
}

func (n *node) fails(t testing.TB, kind Kind) *Unavailable {
	t.Helper()
	v, err := n.Keeper(kind).Get(t.Context(), n.env)
	u, ok := errors.AsType[*Unavailable](err)
	if !ok {
		t.Fatalf("Get(%s) = %q, %v; want *Unavailable", kind, v.Text, err)
	}
	return u
}

func wechatError(api string, code int) error { return &wechat.Error{API: api, Code: code, Msg: "x"} }

// errInvalid is how WeChat refuses a token.
var errInvalid = wechatError("decrypt", 40001)
