package simulation

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

var (
	errReadOnly = errors.New("read-only file system")
	errTorn     = errors.New("connection reset")
	errKilled   = errors.New("killed")
)

// store is what all processes share.
type store struct {
	data   map[string][]version // all that was ever stored under a key, the last one last
	locks  map[string]*lock
	names  map[string]string // of locks, without what differs from run to run
	sealed map[string]string // which credential a sealed value is of: that under whose key it was stored first
	hung   []func()          // what goes on when a store that hangs comes back
	order  []string          // keys in the order of their first storing
}

// version is what is or was stored. Nothing: it was lost.
type version struct {
	raw      []byte
	at       time.Duration
	obtained time.Duration // of the value in it; 0: there is none
	of       string        // the credential that the value is of
}

type lock struct {
	holder *node
	taken  time.Duration
	seen   time.Duration // when somebody first saw that the holder is dead; 0: nobody did
	again  []func()      // those who wait
}

func newStore() *store {
	return &store{data: map[string][]version{}, locks: map[string]*lock{}, names: map[string]string{}, sealed: map[string]string{}}
}

// last gives what is stored under a key, as of a time ago.
func (w *world) last(key string, ago time.Duration) version {
	all := w.store.data[key]
	for _, v := range slices.Backward(all) {
		if v.at <= w.now()-ago {
			return v
		}
	}
	return version{}
}

func (w *world) put(key string, raw []byte) version {
	v := version{raw: raw, at: w.now()}
	var sealed string
	if sealed, v.obtained = peek(raw); sealed != "" {
		if w.store.sealed[sealed] == "" {
			w.store.sealed[sealed] = w.keys[key].of
		}
		v.of = w.store.sealed[sealed]
	}
	if w.store.data[key] == nil {
		w.store.order = append(w.store.order, key)
	}
	w.store.data[key] = append(w.store.data[key], v)
	return v
}

// peek tells stored values apart: as they are sealed, and when they were obtained, by WeChat's clock. It does so by the bytes, for
// everything that is ever stored comes here.
func peek(raw []byte) (sealed string, obtained time.Duration) {
	const begin, end, number = `"value":{"sealed":"`, `"`, `,"obtained":`
	_, rest, is := bytes.Cut(raw, []byte(begin))
	text, rest, ends := bytes.Cut(rest, []byte(end))
	rest, follows := bytes.CutPrefix(rest, []byte(number))
	digits, _, last := bytes.Cut(rest, []byte(","))
	at, err := strconv.ParseInt(string(digits), 10, 64)
	if !is || !ends || !follows || !last || err != nil {
		return "", 0
	}
	return string(text), time.Duration(at) * time.Millisecond
}

// storeView is the store as one configuration of a process sees it.
type storeView struct {
	*node
	which  int    // of the configurations of the process
	config string // the same, with its process
}

// operate is what each operation of the store goes through: way there, effect, way back. do has the effect and gives the
// answer.
func (n *storeView) operate(ctx context.Context, op, key string, write bool, do func(t *turn) error) error {
	w := n.world
	deaf := w.hangs.Load()
	if deaf {
		ctx = context.WithoutCancel(ctx)
	}
	return w.wait(ctx, n.config+" "+op+" "+key, func(t *turn) {
		t.at = w.now()
		there, back := w.span(0, 3*time.Millisecond), w.span(0, 3*time.Millisecond)
		if w.is(faultStoreSlow) {
			there = w.span(0, 1300*time.Millisecond)
		}
		if w.is(faultStoreWaits) && !deaf {
			return // it is told when its context ends
		}
		late := write && w.is(faultLate) && w.chance(3) // it arrives long after its caller has left
		if late {
			there += w.span(time.Second, maxLate)
		}
		lost := w.is(faultAnswersLost) && w.chance(4)
		gone := w.rng.IntN(2) == 0 // what comes of an operation whose caller leaves
		effect := func() {
			if t.left && gone && !late {
				return
			}
			var err error
			switch {
			case n.dead || late && n.configs > n.which:
				err = errKilled
			case w.is(faultStoreFails), w.is(faultReadOnly) && write:
				err = errReadOnly
			default:
				err = do(t)
			}
			if err == errAgain { //nolint:errorlint // it is ours
				return
			}
			if lost && err == nil {
				err = errTorn
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				w.note(event{what: evLose, node: n.id, acct: n.acct, text: op})
			}
			w.after(back, func() { w.finish(t, err) })
		}
		if deaf && w.is(faultStoreHangs) {
			w.store.hung = append(w.store.hung, func() { w.after(there, effect) })
			return
		}
		w.after(there, effect)
	})
}

// errAgain says that an operation has not come to its end yet.
var errAgain = errors.New("again")

// Load implements credential.Store.
func (n *storeView) Load(ctx context.Context, key string) ([]byte, error) {
	var got []byte
	err := n.operate(ctx, "load", key, false, func(t *turn) error {
		v := n.last(key, n.lag)
		if n.is(faultSwapped) && n.chance(6) {
			// Another credential's, not this one's copy: nobody could tell that it is of another age.
			if keys := n.store.order; len(keys) > 0 {
				if o := n.last(keys[n.rng.IntN(len(keys))], 0); o.of != n.keys[key].of {
					v = o
				}
			}
		}
		raw := v.raw
		switch {
		case n.is(faultTorn) && n.chance(4) && len(raw) > 0:
			raw, v.obtained = raw[:n.rng.IntN(len(raw))], 0
		case n.is(faultEmpty):
			raw = nil
		}
		name, kind := n.key(key)
		if raw == nil {
			n.note(event{what: evLoad, node: n.id, acct: n.acct, kind: kind, text: name})
			return fs.ErrNotExist
		}
		n.note(event{what: evLoad, node: n.id, acct: n.acct, kind: kind, text: name, n: v.obtained})
		if !t.left {
			got = raw
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return got, nil
}

// Store implements credential.Store.
func (n *storeView) Store(ctx context.Context, key string, raw []byte) error {
	return n.operate(ctx, "store", key, true, func(t *turn) error {
		v := n.put(key, raw)
		name, kind := n.key(key)
		e := event{what: evSave, node: n.id, acct: n.acct, kind: kind, text: name, n: v.obtained}
		if t.left || n.now()-t.at > giveUp {
			e.id = 1
		}
		n.note(e)
		return nil
	})
}

// agingView is a store that tells the age of a record.
type agingView struct{ *storeView }

// Age implements credential.Aging.
func (n agingView) Age(ctx context.Context, key string) (time.Duration, error) {
	var age time.Duration
	err := n.operate(ctx, "age", key, false, func(t *turn) error {
		if n.is(faultAge) && n.chance(2) {
			return errReadOnly
		}
		v := n.last(key, n.lag)
		if v.raw == nil || n.is(faultEmpty) {
			return fs.ErrNotExist
		}
		if !t.left {
			age = n.now() - v.at
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return age, nil
}

// holds tells whether a process has a lock for a credential.
func (n *node) holds(kind credential.Kind) bool {
	for name, l := range n.store.locks {
		if _, of := n.key(recordOf(name)); l.holder == n && of == kind {
			return true
		}
	}
	return false
}

// recordOf is the key of the record that a lock is for.
func recordOf(lock string) string {
	record, _, _ := strings.Cut(strings.TrimPrefix(lock, "wechat_card-"), "-")
	return "wechat_card/" + record
}

// lockName is what names a lock in the history.
func (n *node) lockName(name string) string {
	known := n.store.names[name]
	if known == "" {
		of, _ := n.key(recordOf(name))
		known = of + "/" + strconv.Itoa(len(n.store.names))
		n.store.names[name] = known
	}
	return known
}

// Lock implements credential.Store. The lock of a killed holder becomes free after ten seconds.
func (n *storeView) Lock(ctx context.Context, name string) error {
	sorted := name[:strings.LastIndex(name, "-")] // the rest differs from run to run
	return n.operate(ctx, "lock", sorted, true, func(t *turn) error {
		var try func() error
		try = func() error {
			now := n.now()
			l := n.store.locks[name]
			if l != nil && l.holder.dead && l.seen == 0 {
				l.seen = now
			}
			stale := l != nil && (l.holder.dead && now-l.seen > 10*time.Second || n.is(faultStale) && now-l.taken > time.Second)
			switch {
			case t.left || t.over:
				return errAgain
			case n.dead:
				return errKilled
			case n.is(faultNoLocks):
				return errReadOnly
			case (l == nil || stale) && !n.is(faultLocksWait):
				e := event{what: evLock, node: n.id, acct: n.acct, text: n.lockName(name)}
				if stale && !l.holder.dead {
					e.id = 1
				}
				n.store.locks[name] = &lock{holder: n.node, taken: now}
				n.note(e)
				return nil
			}
			asked := false
			again := func() {
				if asked {
					return
				}
				asked = true
				err := try()
				if err == nil || !errors.Is(err, errAgain) {
					n.finish(t, err)
				}
			}
			if l != nil {
				l.again = append(l.again, again)
			}
			n.after(n.span(500*time.Millisecond, time.Second), again)
			return errAgain
		}
		return try()
	})
}

// Unlock implements credential.Store. As with files, whoever asks frees the lock, be it his or not.
func (n *storeView) Unlock(ctx context.Context, name string) error {
	sorted := name[:strings.LastIndex(name, "-")]
	return n.operate(ctx, "unlock", sorted, true, func(*turn) error {
		if len(n.cfg.faults) > 0 && n.chance(50) {
			return errReadOnly
		}
		l := n.store.locks[name]
		if l == nil {
			return fs.ErrNotExist
		}
		delete(n.store.locks, name)
		n.note(event{what: evUnlock, node: n.id, acct: n.acct, text: n.lockName(name)})
		for _, again := range l.again {
			n.after(n.span(time.Millisecond, 50*time.Millisecond), again)
		}
		return nil
	})
}

// scribble puts garbage into the store, or loses what was there.
func (w *world) scribble() {
	for _, key := range w.store.order {
		switch w.rng.IntN(4) {
		case 0:
			w.put(key, []byte(`{"version":1,"value":{"sealed":"AAAA","obtained":946684800000,"expires":946692000000},"calls":{}}`))
		case 1:
			w.put(key, []byte("garbage"))
		case 2:
			w.put(key, nil)
		}
	}
}
