package credential

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// TestSimulation lets a fleet run through days of faults drawn from a seed, and checks at every request what must hold
// whatever happens. KEEPER_SEED repeats a run, as far as goroutines can be made to repeat themselves.
func TestSimulation(t *testing.T) {
	seed := simSeed(t)
	synctest.Test(t, func(t *testing.T) { newSimulation(t, seed).run() })
}

// simSeed gives the seed and prints how to have it again.
func simSeed(t *testing.T) uint64 {
	seed := envNumber(t, "KEEPER_SEED", uint64(time.Now().UnixNano()))
	t.Logf("KEEPER_SEED=%d", seed)
	return seed
}

// envNumber is a number from the environment.
func envNumber(t *testing.T, name string, unset uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return unset
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	simFaults   = 24 * time.Hour   // how long faults come and go
	simRecovery = 3 * time.Hour    // until all nodes have renewed once more
	simQuiet    = 24 * time.Hour   // and how long nothing happens then
	simLife     = 2 * time.Hour    // of what WeChat gives
	simOverlap  = 5 * time.Minute  // how long the token before lives beside its successor
	simMaxWait  = 45 * time.Second // of a caller
	simMaxStop  = 6 * time.Second  // of a reload: the grace, and a store that hangs meanwhile
)

// simulation is a fleet, its store and its WeChat.
type simulation struct {
	t       *testing.T
	classic bool
	aging   bool // the store tells the age of a record; clocks may be as wrong as they like
	kinds   []Kind

	mu       sync.Mutex
	rng      *rand.Rand
	nodes    []*simNode
	faults   map[string]bool // in force
	fine     time.Time       // from then on no request may fail unless there is a fault
	over     bool
	requests sync.WaitGroup
	fleet    *fleet // the large simulation; it brings its own requests

	// WeChat
	token  string               // the current one
	tokens map[string]*simToken // all that ever were
	ticket map[string]time.Time // ends of all tickets that ever were
	sticky bool                 // stable_token believes in a dead token
	forced time.Time            // last
	calls  map[Kind]int
	spent  int // forced refreshes

	// the store
	data  map[string][]byte
	at    map[string]time.Time // of storing
	locks map[string]*simLock
	hung  chan struct{} // closed when a store that hangs comes back

	asked, failed int
}

type simToken struct{ expires, until time.Time }

type simLock struct {
	holder *simNode
	died   time.Time
	free   chan struct{}
}

// simNode is one process. It is the Store that this process sees.
type simNode struct {
	*simulation
	*Keepers
	env    *Env
	skew   time.Duration
	told   bool // WeChat has told it the time
	dead   bool // killed: nothing that it does has any effect
	recent map[Kind][]time.Time
	refuse bool      // WeChat refuses its address
	barred time.Time // when it last did
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	return &simulation{
		t: t, classic: seed&1 > 0, aging: seed&2 > 0, rng: rand.New(rand.NewPCG(seed, 0)), faults: map[string]bool{},
		kinds:  []Kind{AccessToken, APITicket},
		tokens: map[string]*simToken{}, ticket: map[string]time.Time{}, calls: map[Kind]int{},
		data: map[string][]byte{}, at: map[string]time.Time{}, locks: map[string]*simLock{}, hung: make(chan struct{}),
	}
}

func (s *simulation) run() {
	t := s.t
	for range 20 + s.draw(31) {
		s.join()
	}
	time.Sleep(time.Minute)

	var trouble sync.WaitGroup
	end := time.Now().Add(simFaults)
	faults := 0
	for _, kinds := range [][]string{
		{"busy", "refused", "timeout", "slow", "45011", "45009", "40125"},
		{"store fails", "store is slow", "store is read-only", "store hangs", "store waits", "no locks", "locks wait", "store is empty"},
	} {
		trouble.Go(func() {
			for s.sleep(time.Minute, 2*time.Hour); time.Now().Before(end); s.sleep(time.Minute, 2*time.Hour) {
				s.trouble(kinds[s.draw(len(kinds))])
				s.mu.Lock()
				faults++
				s.mu.Unlock()
			}
		})
	}
	trouble.Go(func() {
		for s.sleep(time.Minute, 30*time.Minute); time.Now().Before(end); s.sleep(time.Minute, 30*time.Minute) {
			s.event()
		}
	})
	trouble.Wait()

	s.mu.Lock()
	s.sticky = false
	during := maps.Clone(s.calls)
	nodes := slices.Clone(s.nodes)
	for _, n := range nodes {
		n.refuse = false
	}
	s.excuse(6 * time.Minute)
	s.mu.Unlock()
	time.Sleep(simRecovery)
	s.mu.Lock()
	recovered := maps.Clone(s.calls)
	most := int(simQuiet/(simLife-s.early(nodes))) + 1
	s.mu.Unlock()
	for _, kind := range s.kinds {
		if s.differ(kind, nodes) {
			time.Sleep(simOverlap) // they may just be renewing it
			if s.differ(kind, nodes) {
				t.Errorf("after all faults the nodes hold different values of %s", kind)
			}
		}
	}
	time.Sleep(simQuiet)
	s.mu.Lock()
	for _, kind := range s.kinds {
		if got := s.calls[kind] - recovered[kind]; got > most {
			t.Errorf("%d calls for %s in %v without faults, want at most %d", got, kind, simQuiet, most)
		}
	}
	t.Logf("classic %v, aging store %v, %d nodes, %d faults in %v, %d requests (%d failed), %v calls meanwhile, %d forced refreshes",
		s.classic, s.aging, len(nodes), faults, simFaults, s.asked, s.failed, during, s.spent)
	s.over = true
	s.mu.Unlock()
	s.requests.Wait()
	for _, n := range nodes {
		n.stop(n.env)
	}
}

// early is how long before their end values may be renewed by nodes whose clock is ahead and that WeChat has not told so:
// they take what they find in the store for older than it is. Without such nodes it counts as nothing. s.mu is held.
func (s *simulation) early(nodes []*simNode) (early time.Duration) {
	for _, n := range nodes {
		if !n.told && n.skew > value.ClockSlack {
			early = max(early, n.skew+value.MaxRenewalSpan)
		}
	}
	return early
}

// differ reports whether the nodes hold different values.
func (s *simulation) differ(kind Kind, nodes []*simNode) bool {
	texts := map[string]bool{}
	for _, n := range nodes {
		v, err := n.Keeper(kind).Get(s.t.Context(), n.env)
		if err != nil {
			s.t.Errorf("%s after all faults: %v", kind, err)
		}
		texts[v.Text] = true
	}
	return len(texts) != 1
}

// trouble puts a fault of WeChat or of the store in force for a while.
func (s *simulation) trouble(fault string) {
	span := 5*time.Second + time.Duration(s.draw(int(20*time.Minute)))
	if fault == "timeout" && s.draw(6) == 0 {
		span += 2 * time.Hour // beyond the end of all values
	}
	s.afflict(fault, span)
}

// afflict puts a fault in force for so long. After its end requests may fail a little longer.
func (s *simulation) afflict(fault string, span time.Duration) {
	s.mu.Lock()
	s.faults[fault] = true
	s.mu.Unlock()
	time.Sleep(span)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.faults, fault)
	switch fault {
	case "45009":
		s.excuse(31 * time.Minute)
	case "40125":
		s.excuse(6 * time.Minute)
	default:
		s.excuse(2 * time.Minute)
	}
	if fault == "store hangs" {
		close(s.hung)
		s.hung = make(chan struct{})
	}
}

// event makes something happen that no request, or hardly any, may notice.
func (s *simulation) event() {
	s.mu.Lock()
	node := s.nodes[s.rng.IntN(len(s.nodes))]
	s.mu.Unlock()
	switch s.draw(8) {
	case 0, 1:
		s.reload(node)
	case 2, 3:
		s.kill(node)
	case 4:
		s.scribble()
	case 5:
		s.revoke(true)
	case 6:
		s.revoke(false)
	case 7:
		s.mu.Lock()
		if node.refuse = !node.refuse; !node.refuse {
			s.excuse(6 * time.Minute)
		}
		node.barred = time.Time{}
		s.mu.Unlock()
	}
}

// excuse lets requests fail for so long. s.mu is held.
func (s *simulation) excuse(allowed time.Duration) {
	if until := time.Now().Add(allowed); until.After(s.fine) {
		s.fine = until
	}
}

// draw draws a number below n.
func (s *simulation) draw(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(n)
}

// sleep sleeps for a time drawn between two.
func (s *simulation) sleep(low, high time.Duration) {
	time.Sleep(low + time.Duration(s.draw(int(high-low))))
}

// join adds a node and the requests that come to it.
func (s *simulation) join() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &simNode{
		simulation: s, recent: map[Kind][]time.Time{},
		Keepers: NewKeepers(ID{BaseURL: "https://api.weixin.qq.com", AppID: "wx0123456789abcdef", Source: "stable"}),
	}
	wrong := 4 // one clock of so many
	if s.fleet != nil {
		wrong = 50
	}
	if n.skew = time.Duration(s.rng.Int64N(1800)-900) * time.Millisecond; s.rng.IntN(wrong) == 0 {
		n.skew += time.Duration(s.rng.IntN(1200)-600) * time.Second
	}
	n.configure()
	s.nodes = append(s.nodes, n)
	if s.fleet != nil {
		s.fleet.joined(n)
		n.Start(n.env, s.kinds...)
		return
	}
	n.Start(n.env, s.kinds[s.rng.IntN(3):]...) // some keep both warm, some tickets only, some nothing
	pace := time.Duration(20+s.rng.IntN(400)) * time.Second
	for _, kind := range s.kinds {
		s.requests.Go(func() {
			for {
				s.mu.Lock()
				over, env := s.over || n.dead, n.env
				s.mu.Unlock()
				if over {
					return
				}
				n.request(kind, env)
				s.sleep(0, 2*pace)
			}
		})
	}
}

func (n *simNode) configure() {
	var store Store = n
	if n.aging {
		store = agingNode{n}
	}
	env, err := NewEnv(EnvConfig{
		Fetch: n.fetch, Store: store, Secret: "s3cr3t", Classic: n.classic, ForceRefresh: true,
		Now:    func() time.Time { return time.Now().Add(n.skew) },
		Offset: n.offset, LearnClock: n.learnClock,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.env = env
}

func (n *simNode) offset() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.told {
		return 0
	}
	return -n.skew.Round(2 * time.Second)
}

// learnClock asks for the time. Where the store tells no age, WeChat is always there to tell it: no faults are of that.
func (n *simNode) learnClock(context.Context) bool {
	time.Sleep(100 * time.Millisecond)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = n.told || !n.aging
	return n.told
}

// reload gives a node another configuration.
func (s *simulation) reload(n *simNode) {
	s.mu.Lock()
	old := n.env
	n.configure()
	s.mu.Unlock()
	n.Start(n.env, s.kinds...)
	n.stop(old)
}

func (n *simNode) stop(env *Env) {
	start := time.Now()
	n.Stop(env)
	if took := time.Since(start); took > simMaxStop {
		n.t.Errorf("Stop took %v", took)
	}
}

// kill ends a node, and leaves its locks to go stale; another one takes its place.
func (s *simulation) kill(n *simNode) {
	s.mu.Lock()
	n.dead = true
	s.nodes = slices.DeleteFunc(s.nodes, func(other *simNode) bool { return other == n })
	s.mu.Unlock()
	n.stop(n.env)
	s.join()
}

// scribble puts garbage into the store, or loses what was there.
func (s *simulation) scribble() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.data {
		switch s.rng.IntN(4) {
		case 0:
			s.data[key] = []byte(`{"version":1,"value":{"sealed":"AAAA","obtained":946684800000,"expires":946692000000},"calls":{}}`)
		case 1:
			s.data[key] = []byte("garbage")
		case 2:
			delete(s.data, key)
		}
	}
}

// revoke ends the current token, as somebody else may.
func (s *simulation) revoke(sticky bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tokens[s.token]; t != nil {
		t.until = time.Now()
	}
	s.sticky = sticky
	allowed := time.Minute
	if sticky {
		allowed = simLife // forced refreshes are few
	}
	s.excuse(allowed)
}

// request is what an action does, with the checks that this is all for.
func (n *simNode) request(kind Kind, env *Env) {
	start := time.Now()
	v, err := n.Keeper(kind).Get(n.t.Context(), env)
	n.check(kind, start, v, err)
	if kind != AccessToken || err != nil || n.alive(v.Text) {
		return
	}
	refused := v.Text
	start = time.Now()
	v, err = n.Keeper(kind).Reject(n.t.Context(), env, refused, errInvalid)
	n.check(kind, start, v, err)
	if err == nil && !n.alive(v.Text) {
		n.Keeper(kind).Drop(v.Text, errInvalid)
	}
}

func (n *simNode) check(kind Kind, start time.Time, v Value, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.asked++
	if took := now.Sub(start); took > simMaxWait {
		n.t.Errorf("%s: a caller waited %v", kind, took)
	}
	if err != nil {
		n.failed++
		if u, ok := errors.AsType[*Unavailable](err); !ok || u.RetryAt.Sub(now) > 25*time.Hour {
			n.t.Errorf("%s: %v", kind, err)
		}
		if len(n.faults) == 0 && start.After(n.fine) && !n.dead && !n.refuse {
			n.t.Errorf("%v: %s failed without a fault: %v", now, kind, err)
		}
		return
	}
	var ends time.Time
	margin := -value.ClockSlack // that a clock may be off by unnoticed
	if kind == AccessToken {
		ends = n.tokens[v.Text].expires
	} else {
		ends = n.ticket[v.Text]
		margin += value.MaxSignMargin
	}
	if left := ends.Sub(now); left < margin {
		n.t.Errorf("%v: %s served with %v left", now, kind, left)
	}
}

// alive is whether WeChat takes a token.
func (s *simulation) alive(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[token]
	return t != nil && time.Now().Before(t.until)
}

// fetch asks WeChat as an Account does.
func (n *simNode) fetch(ctx context.Context, kind Kind, force bool) (wechat.Grant, error) {
	if kind == AccessToken {
		return n.ask(ctx, kind, force, "")
	}
	tokens := n.Keeper(AccessToken)
	n.mu.Lock()
	env := n.env
	n.mu.Unlock()
	v, err := tokens.Get(ctx, env)
	if err != nil {
		return wechat.Grant{}, err
	}
	g, err := n.ask(ctx, kind, false, v.Text)
	if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Reaction() != wechat.Credential {
		return g, err
	}
	if v, err = tokens.Reject(ctx, env, v.Text, errInvalid); err != nil {
		return g, err
	}
	g, err = n.ask(ctx, kind, false, v.Text)
	if e, ok := errors.AsType[*wechat.Error](err); ok && e.Reaction() == wechat.Credential {
		tokens.Drop(v.Text, errInvalid)
		err = &Unavailable{Kind: AccessToken, RetryAt: env.Now().Add(time.Second), Err: err}
	}
	return g, err
}

// ask is one call to WeChat.
func (n *simNode) ask(ctx context.Context, kind Kind, force bool, token string) (wechat.Grant, error) {
	if n.fleet == nil {
		return n.answer(ctx, kind, force, token)
	}
	n.fleet.beforeCall(n)
	g, err := n.answer(ctx, kind, force, token)
	n.fleet.afterCall(n, kind, err)
	return g, err
}

// answer is WeChat's.
func (n *simNode) answer(ctx context.Context, kind Kind, force bool, token string) (wechat.Grant, error) {
	requested := n.env.Now()
	api := map[Kind]string{AccessToken: "stable_token", APITicket: "getticket"}[kind]
	n.mu.Lock()
	n.count(kind)
	faults, delay := maps.Clone(n.faults), time.Duration(50+n.rng.IntN(300))*time.Millisecond
	n.mu.Unlock()
	switch {
	case faults["slow"]:
		delay = 4 * time.Second
	case faults["timeout"]:
		delay = 5 * time.Second
	}
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return wechat.Grant{}, &wechat.Error{API: api, Err: ctx.Err()}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.dead:
		return wechat.Grant{}, &wechat.Error{API: api, Err: errors.New("killed")}
	case faults["refused"]:
		return wechat.Grant{}, &wechat.Error{API: api, Err: errors.New("connection refused")}
	case faults["timeout"]:
		return wechat.Grant{}, &wechat.Error{API: api, Timeout: true}
	}
	n.told = true
	switch {
	case faults["busy"] && n.rng.IntN(3) > 0:
		return wechat.Grant{}, wechatError(api, -1)
	case faults["45011"]:
		return wechat.Grant{}, wechatError(api, 45011)
	case faults["45009"]:
		return wechat.Grant{}, wechatError(api, 45009)
	case faults["40125"] && kind == AccessToken:
		return wechat.Grant{}, wechatError(api, 40125)
	}
	now := time.Now()
	if n.refuse {
		// Two credentials may be due at the same time when it begins.
		if apart := now.Sub(n.barred); apart > 5*time.Second && apart < 55*time.Second {
			n.t.Errorf("%v: a node that WeChat refuses called again after %v", now, apart)
		}
		n.barred = now
		return wechat.Grant{}, wechatError(api, 40164)
	}
	if kind == APITicket {
		if t := n.tokens[token]; t == nil || !now.Before(t.until) {
			return wechat.Grant{}, wechatError(api, 40001)
		}
		text := fmt.Sprintf("ticket-%d", n.calls[kind])
		n.ticket[text] = now.Add(simLife)
		return wechat.Grant{Value: text, Lifetime: simLife, Requested: requested}, nil
	}
	cur := n.tokens[n.token]
	if force = force && now.Sub(n.forced) >= 30*time.Second; force {
		n.forced = now
		n.spent++
	}
	if n.classic || force || cur == nil || cur.expires.Sub(now) < simOverlap || !now.Before(cur.until) && !n.sticky {
		if end := now.Add(simOverlap); cur != nil && cur.until.After(end) {
			cur.until = end
		}
		n.token, n.sticky = fmt.Sprintf("token-%d", n.calls[kind]), false
		cur = &simToken{expires: now.Add(simLife), until: now.Add(simLife)}
		n.tokens[n.token] = cur
	}
	return wechat.Grant{Value: n.token, Lifetime: cur.expires.Sub(now).Truncate(time.Second), Requested: requested}, nil
}

// count counts a call of this node, whose calls must never come as fast as requests do. n.mu is held.
func (n *simNode) count(kind Kind) {
	n.calls[kind]++
	now := time.Now()
	n.recent[kind] = append(slices.DeleteFunc(n.recent[kind], func(t time.Time) bool { return now.Sub(t) > time.Hour }), now)
	lastMinute := 0
	for _, t := range n.recent[kind] {
		if now.Sub(t) < time.Minute {
			lastMinute++
		}
	}
	if lastMinute > 12 || len(n.recent[kind]) > 150 {
		n.t.Errorf("%v: %d calls for %s in a minute, %d in an hour", now, lastMinute, kind, len(n.recent[kind]))
	}
}

// enter is what each call of the store goes through.
func (n *simNode) enter(ctx context.Context, write bool) error {
	n.mu.Lock()
	faults, hung, delay := maps.Clone(n.faults), n.hung, time.Duration(n.rng.IntN(5))*time.Millisecond
	if faults["store is slow"] {
		delay = time.Duration(n.rng.IntN(1300)) * time.Millisecond
	}
	n.mu.Unlock()
	switch {
	case faults["store hangs"]:
		<-hung
	case faults["store waits"]:
		<-ctx.Done()
	default:
		select {
		case <-time.After(delay):
		case <-ctx.Done():
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case faults["store fails"], faults["store is read-only"] && write:
		return errReadOnly
	case n.isDead():
		return errors.New("killed")
	}
	return nil
}

func (n *simNode) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// Load implements Store.
func (n *simNode) Load(ctx context.Context, key string) ([]byte, error) {
	if err := n.enter(ctx, false); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	raw, ok := n.data[key]
	if !ok || n.faults["store is empty"] {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(raw), nil
}

// Store implements Store.
func (n *simNode) Store(ctx context.Context, key string, value []byte) error {
	if err := n.enter(ctx, true); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.data[key], n.at[key] = slices.Clone(value), time.Now()
	return nil
}

// agingNode is a simNode whose store tells the age of a record.
type agingNode struct{ *simNode }

// Age implements Aging.
func (n agingNode) Age(ctx context.Context, key string) (time.Duration, error) {
	if err := n.enter(ctx, false); err != nil {
		return 0, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	at, ok := n.at[key]
	if !ok || n.faults["store is empty"] {
		return 0, fs.ErrNotExist
	}
	return time.Since(at), nil
}

// Lock implements Store. The lock of a killed holder becomes free after ten seconds.
func (n *simNode) Lock(ctx context.Context, name string) error {
	if err := n.enter(ctx, true); err != nil {
		return err
	}
	for {
		n.mu.Lock()
		l := n.locks[name]
		switch stale := l != nil && l.holder.dead && time.Since(l.died) > 10*time.Second; {
		case n.dead, n.faults["no locks"]:
			n.mu.Unlock()
			return errReadOnly
		case (l == nil || stale) && !n.faults["locks wait"]:
			n.locks[name] = &simLock{holder: n, free: make(chan struct{})}
			n.mu.Unlock()
			return nil
		case l != nil && l.holder.dead && l.died.IsZero():
			l.died = time.Now()
		}
		n.mu.Unlock()
		var free chan struct{}
		if l != nil {
			free = l.free
		}
		select {
		case <-free:
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Unlock implements Store. As with files, whoever asks frees the lock, be it his or not.
func (n *simNode) Unlock(ctx context.Context, name string) error {
	if err := n.enter(ctx, true); err != nil {
		return err
	}
	if n.draw(50) == 0 {
		return errReadOnly
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.locks[name]
	if l == nil {
		return fs.ErrNotExist
	}
	delete(n.locks, name)
	close(l.free)
	return nil
}
