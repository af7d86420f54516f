package platform_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDead = errors.New("the process is dead")

// fate kills a process: with the killAt-th thing that it does to the world, before or behind that. From then on it does nothing.
type fate struct {
	mu     sync.Mutex
	done   int
	killAt int // 0: it lives
	behind bool
	dead   bool
}

func (f *fate) do(what func() error) error {
	f.mu.Lock()
	f.done++
	if f.dead = f.dead || f.killAt > 0 && f.done > f.killAt || f.done == f.killAt && !f.behind; f.dead {
		f.mu.Unlock()
		return errDead
	}
	last := f.done == f.killAt
	f.dead = last
	f.mu.Unlock()
	err := what()
	if last {
		return errDead
	}
	return err
}

func (f *fate) isDead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// disk is a store that outlives processes.
type disk struct {
	mu     sync.Mutex
	values map[string][]byte
	locks  map[string]*fate
	broken error
}

func newDisk() *disk { return &disk{values: make(map[string][]byte), locks: make(map[string]*fate)} }

func (d *disk) all() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.values)
}

// lose loses everything.
func (d *disk) lose() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values = make(map[string][]byte)
}

func (d *disk) breaks(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

func (d *disk) use(f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	return f()
}

// plainStore is the disk as one process sees it.
type plainStore struct {
	*disk
	fate *fate
}

func (s plainStore) op(f func() error) error { return s.fate.do(func() error { return s.use(f) }) }

func (s plainStore) Lock(ctx context.Context, name string) error {
	for {
		got := false
		err := s.op(func() error {
			if holder := s.locks[name]; holder == nil || holder.isDead() { // which has gone stale
				s.locks[name], got = s.fate, true
			}
			return nil
		})
		if err != nil || got {
			return err
		}
		s.fate.mu.Lock()
		s.fate.done-- // to wait is to do nothing
		s.fate.mu.Unlock()
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s plainStore) Unlock(_ context.Context, name string) error {
	if err := s.op(func() error { delete(s.locks, name); return nil }); !errors.Is(err, errDead) {
		return err
	}
	return nil // the dead do not try again
}

func (s plainStore) Store(_ context.Context, key string, value []byte) error {
	return s.op(func() error { s.values[key] = slices.Clone(value); return nil })
}

func (s plainStore) Load(_ context.Context, key string) (value []byte, err error) {
	err = s.op(func() error {
		v, ok := s.values[key]
		if !ok {
			return fs.ErrNotExist
		}
		value = slices.Clone(v)
		return nil
	})
	return value, err
}

// listingStore is a plainStore whose keys can be listed.
type listingStore struct{ plainStore }

func (s listingStore) Delete(_ context.Context, key string) error {
	return s.op(func() error { delete(s.values, key); return nil })
}

func (s listingStore) List(_ context.Context, path string, _ bool) (keys []string, err error) {
	err = s.op(func() error {
		for key := range s.values {
			if strings.HasPrefix(key, path+"/") {
				keys = append(keys, key)
			}
		}
		return nil
	})
	return keys, err
}

// world is WeChat and what processes share.
type world struct {
	*fakeWeChat
	store, copy *disk
	plain       bool // nobody can list the store

	mu      sync.Mutex
	changes []platform.Change
	logged  bytes.Buffer
}

// Write takes what is logged.
func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logged.Write(line)
}

// noSecret wants that nothing that WeChat made has been logged.
func (w *world) noSecret(t testing.TB) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := bytes.Index(w.logged.Bytes(), []byte("@@@")); at >= 0 {
		t.Errorf("logged a secret: …%s…", w.logged.Bytes()[max(0, at-300):min(at+20, w.logged.Len())])
	}
}

func newWorld() *world { return &world{fakeWeChat: newWeChat(), store: newDisk(), copy: newDisk()} }

// process starts one more process.
func (w *world) process(t testing.TB, change func(*platform.Config)) *platform.Platform {
	return w.doomed(t, new(fate), change)
}

func (w *world) doomed(t testing.TB, fate *fate, change func(*platform.Config)) *platform.Platform {
	t.Helper()
	url := w.serve(t, fate)
	client := wechat.New(wechat.Config{BaseURLs: []string{url}, Now: w.Now})
	t.Cleanup(client.Close)
	cfg := platform.Config{
		Logger: slog.New(slog.NewTextHandler(w, nil)),
		Name:   "shop", AppID: componentID, AppSecret: componentSecret, APIURL: "https://api.example", Client: client, Now: w.Now,
		Changed: func(c platform.Change) {
			if fate.isDead() {
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.changes = append(w.changes, c)
		},
	}
	if w.store != nil {
		cfg.Store = listingStore{plainStore{w.store, fate}}
		if w.plain {
			cfg.Store = plainStore{w.store, fate}
		}
	}
	if w.copy != nil {
		cfg.Copy = listingStore{plainStore{w.copy, fate}}
	}
	if change != nil {
		change(&cfg)
	}
	p, err := platform.New(cfg, platform.NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop()
		w.noSecret(t)
	})
	return p
}

// told gives the kinds of changes that were told of, and forgets them.
func (w *world) told() (kinds []platform.ChangeKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.changes {
		kinds = append(kinds, c.Kind)
	}
	w.changes = nil
	return kinds
}

// holds tells whether any key of a store has this in it.
func (w *world) holds(part string) bool {
	for _, d := range []*disk{w.store, w.copy} {
		for key, value := range d.all() {
			if strings.Contains(key, part) && len(value) > 0 && !strings.HasSuffix(key, "/index") {
				return true
			}
		}
	}
	return false
}

// pushTicket has a process take a new ticket.
func (w *world) pushTicket(t testing.TB, p *platform.Platform) {
	t.Helper()
	if err := p.TakeTicket(t.Context(), w.Ticket(), w.Now()); err != nil {
		t.Fatal(err)
	}
	// Nobody sets the clock forward while the token is on its way.
	eventually(t, "the ticket brings no token", func() bool {
		state := p.Standing().Token.State
		return state == credential.Fresh || state == credential.Renewing
	})
}

// fetch wants a token of an account that WeChat takes.
func (w *world) fetch(t testing.TB, p *platform.Platform, appID string) {
	t.Helper()
	g, err := p.Source(appID).Fetch(t.Context(), credential.AccessToken, "")
	if err != nil {
		t.Errorf("%s: no token: %v", appID, err)
	} else if !w.Takes(appID, g.Value) {
		t.Errorf("%s: WeChat does not take the token", appID)
	}
}

// authorise has an account scan and a process exchange its code.
func (w *world) authorise(t testing.TB, p *platform.Platform, appID string, sets ...int) platform.Authorisation {
	t.Helper()
	a, err := p.Authorise(t.Context(), w.Scan(appID, 1, sets...)[0])
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// eventually waits for what happens in the background.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}
