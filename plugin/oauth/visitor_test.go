package oauth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// memoryStore is a store that a fleet shares. It cannot end its keys by itself, and tells no ages.
type memoryStore struct {
	mu     sync.Mutex
	values map[string][]byte
	locks  map[string]chan struct{}
	broken atomic.Bool
}

func newStore() *memoryStore {
	return &memoryStore{values: make(map[string][]byte), locks: make(map[string]chan struct{})}
}

// all gives what is stored.
func (s *memoryStore) all() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values)
}

func (s *memoryStore) err() error {
	if s.broken.Load() {
		return errors.New("broken")
	}
	return nil
}

func (s *memoryStore) lock(name string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locks[name] == nil {
		s.locks[name] = make(chan struct{}, 1)
	}
	return s.locks[name]
}

func (s *memoryStore) Lock(ctx context.Context, name string) error {
	select {
	case s.lock(name) <- struct{}{}:
		return s.err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *memoryStore) Unlock(_ context.Context, name string) error {
	<-s.lock(name)
	return nil
}

func (s *memoryStore) Store(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
	return s.err()
}

func (s *memoryStore) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return value, s.err()
}

func (s *memoryStore) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return s.err()
}

func (s *memoryStore) List(_ context.Context, path string, _ bool) (keys []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.values {
		if strings.HasPrefix(key, path+"/") {
			keys = append(keys, key)
		}
	}
	return keys, s.err()
}

// fakeWeChat takes each code once.
type fakeWeChat struct {
	*httptest.Server

	calls  atomic.Int32
	used   sync.Map
	answer atomic.Value // what it answers to everything; "": as WeChat does
	delay  time.Duration
}

func newWeChat(t *testing.T) *fakeWeChat {
	f := new(fakeWeChat)
	f.answer.Store("")
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.calls.Add(1)
		time.Sleep(f.delay)
		q := r.URL.Query()
		code := q.Get("code")
		_, used := f.used.LoadOrStore(code, true)
		answer, _ := f.answer.Load().(string)
		switch {
		case r.URL.Path != "/sns/oauth2/access_token" || r.Method != http.MethodGet || q.Get("appid") != "wx1" || q.Get("secret") != testSecret || q.Get("grant_type") != "authorization_code":
			answer = `{"errcode":40013,"errmsg":"wrong call"}`
		case answer != "":
		case strings.HasPrefix(code, "bad"):
			answer = `{"errcode":40029,"errmsg":"invalid code"}`
		case used:
			answer = `{"errcode":40163,"errmsg":"code been used"}`
		case strings.HasPrefix(code, "snapshot"):
			answer = `{"openid":"oVirtual","is_snapshotuser":1}`
		default:
			answer = fmt.Sprintf(`{"access_token":"T","expires_in":7200,"refresh_token":"R","openid":"o%s","scope":"snsapi_base"}`, code)
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeWeChat) wantCalls(t *testing.T, what string, want int32) {
	t.Helper()
	if got := f.calls.Swap(0); got != want {
		t.Errorf("%s: %d calls, want %d", what, got, want)
	}
}

// TestOneExchange has a fleet asked about one code at the same time, and later.
func TestOneExchange(t *testing.T) {
	w, store, c := newWeChat(t), newStore(), newClock()
	w.delay = 20 * time.Millisecond
	fleet := []*Visitors{
		newVisitors(t, "wx1", testSecret, w.URL, store, c), newVisitors(t, "wx1", testSecret, w.URL, store, c), newVisitors(t, "wx1", testSecret, w.URL, store, c),
	}
	all := func(code, state string, want Visitor, wantErr error) {
		t.Helper()
		var callers sync.WaitGroup
		for i := range 30 {
			callers.Go(func() {
				got, err := fleet[i%len(fleet)].WebVisitor(t.Context(), code, state)
				if got != want || wantErr != nil && !errors.Is(err, wantErr) || wantErr == nil && err != nil {
					t.Errorf("%s: got %+v, %v", code, got, err)
				}
			})
		}
		callers.Wait()
	}
	all("alice", "S1", Visitor{OpenID: "oalice"}, nil)
	w.wantCalls(t, "a code that many bring", 1)
	c.forward(4 * time.Minute)
	all("alice", "S1", Visitor{OpenID: "oalice"}, nil)
	all("alice", "S1", Visitor{OpenID: "oalice"}, nil)
	w.wantCalls(t, "again, within five minutes", 0)
	all("snapshot", "S2", Visitor{}, ErrSnapshot)
	w.wantCalls(t, "a snapshot", 1)

	for i := range 30 {
		if _, err := fleet[i%len(fleet)].WebVisitor(t.Context(), "bad", "S3"); wechat.Errcode(err) != 40029 || !IsSpent(err) {
			t.Errorf("got %v", err)
		}
	}
	w.wantCalls(t, "a code that is none", 1)

	c.forward(time.Minute)
	if _, err := fleet[0].WebVisitor(t.Context(), "alice", "S1"); wechat.Errcode(err) != 40163 || !IsSpent(err) {
		t.Errorf("after five minutes, got %v", err)
	}
	w.wantCalls(t, "after five minutes", 1)

	for key, value := range store.all() {
		if text := key + string(value); strings.Contains(text, "alice") || strings.Contains(key, "S1") || strings.Contains(text, "openid") {
			t.Errorf("the store holds %s", text)
		}
	}
	if kept := store.all(); len(kept) != 3 {
		t.Errorf("the store holds %d records", len(kept))
	}
}

// TestAnotherState: what a code has told is for the browser that it came to with its state.
func TestAnotherState(t *testing.T) {
	w, c := newWeChat(t), newClock()
	v := newVisitors(t, "wx1", testSecret, w.URL, newStore(), c)
	if got, err := v.WebVisitor(t.Context(), "alice", "S1"); err != nil || got.OpenID != "oalice" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got, err := v.WebVisitor(t.Context(), "alice", "S2"); !IsSpent(err) || got != (Visitor{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	w.wantCalls(t, "two states", 1)
}

// TestWithoutStore: a second process can only hear that the code was used.
func TestWithoutStore(t *testing.T) {
	w, c, broken := newWeChat(t), newClock(), newStore()
	broken.broken.Store(true)
	for name, one := range map[string]*Visitors{
		"none": newVisitors(t, "wx1", testSecret, w.URL, nil, c), "broken": newVisitors(t, "wx1", testSecret, w.URL, broken, c),
	} {
		for range 3 {
			if got, err := one.WebVisitor(t.Context(), name, "S1"); err != nil || got.OpenID != "o"+name {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
		}
		w.wantCalls(t, name, 1)
		if _, err := newVisitors(t, "wx1", testSecret, w.URL, nil, c).WebVisitor(t.Context(), name, "S1"); !IsSpent(err) {
			t.Errorf("%s: the second process got %v", name, err)
		}
		w.wantCalls(t, name, 1)
	}
}

// TestWhatIsNotKept: answers that say nothing for good are asked for again, and do not count as anything.
func TestWhatIsNotKept(t *testing.T) {
	w, store := newWeChat(t), newStore()
	v := newVisitors(t, "wx1", testSecret, w.URL, store, newClock())
	for _, answer := range []string{
		`{"errcode":-1,"errmsg":"system error"}`, `{"errcode":45011,"errmsg":"x"}`, `{"errcode":40125,"errmsg":"invalid appsecret"}`, `{}`, `<html>`, `{"openid":"a b"}`,
	} {
		w.answer.Store(answer)
		for range 2 {
			if _, err := v.WebVisitor(t.Context(), "alice", "S1"); err == nil || IsSpent(err) {
				t.Errorf("%s: got %v", answer, err)
			}
		}
		w.wantCalls(t, answer, 2)
	}
	if kept := store.all(); len(kept) != 0 {
		t.Errorf("the store holds %v", kept)
	}
	for answer, snapshot := range map[string]bool{
		`{"openid":"o1","is_snapshotuser":1}`: true, `{"openid":"o1","is_snapshotuser":"1"}`: true, `{"openid":"o1","is_snapshotuser":true}`: true,
		`{"openid":"o1","is_snapshotuser":0}`: false, `{"openid":"o1","is_snapshotuser":null}`: false, `{"openid":"o1"}`: false,
	} {
		w.answer.Store(answer)
		if _, err := v.WebVisitor(t.Context(), answer, "S1"); errors.Is(err, ErrSnapshot) != snapshot {
			t.Errorf("%s: got %v", answer, err)
		}
	}
}

// TestSecretRotated: what a process with another secret has kept is nothing.
func TestSecretRotated(t *testing.T) {
	w, store, c := newWeChat(t), newStore(), newClock()
	v := newVisitors(t, "wx1", testSecret, w.URL, store, c)
	if _, err := v.WebVisitor(t.Context(), "alice", "S1"); err != nil {
		t.Fatal(err)
	}
	for key, value := range store.all() {
		_ = store.Store(t.Context(), key, []byte(strings.ToLower(string(value))))
	}
	if _, err := newVisitors(t, "wx1", testSecret, w.URL, store, c).WebVisitor(t.Context(), "alice", "S1"); !IsSpent(err) {
		t.Errorf("got %v", err)
	}
}

// TestBounds: 1,000 codes that are none cost no more calls than the limit, and lock out their own network first.
func TestBounds(t *testing.T) {
	w := newWeChat(t)
	v := newVisitors(t, "wx1", testSecret, w.URL, newStore(), newClock())
	stranger := limit.WithClient(t.Context(), netip.MustParseAddr("203.0.113.9"))
	for i := range 1000 {
		_, err := v.WebVisitor(stranger, fmt.Sprint("bad", i), "S1")
		busy, isBusy := errors.AsType[*limit.Busy](err)
		if i < 150 && !IsSpent(err) || i >= 150 && (!isBusy || !busy.Network || busy.API != wechat.APIWebLogin) {
			t.Fatalf("%d: got %v", i, err)
		}
	}
	w.wantCalls(t, "1,000 codes of one network", 150)
	if _, err := v.WebVisitor(t.Context(), "alice", "S1"); err != nil {
		t.Errorf("somebody else got %v", err)
	}
}

// TestSweep: a store that keeps everything is tidied up.
func TestSweep(t *testing.T) {
	w, store, c := newWeChat(t), newStore(), newClock()
	for i := range 3 {
		v := newVisitors(t, "wx1", testSecret, w.URL, store, c)
		if _, err := v.WebVisitor(t.Context(), fmt.Sprint("u", i), "S1"); err != nil {
			t.Fatal(err)
		}
		v.must().shared.work.Wait()
		_ = store.Store(t.Context(), "wechat_card/test/oauth/nonsense", []byte("nonsense"))
		c.forward(outcomeLife + skew)
	}
	if kept := store.all(); len(kept) != 2 { // the last record, and what came behind it
		t.Errorf("the store holds %v", kept)
	}
}
