package simulation

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// node is one process, with the Keepers of one account.
type node struct {
	*world
	*credential.Keepers
	id     int
	name   string
	acct   int
	weChat *weChat
	env    atomic.Pointer[credential.Env] // the current configuration
	skew   time.Duration                  // of its clock, when the simulation began
	drift  float64                        // by how much its clock is too fast
	dead   bool                           // killed: nothing that it does has any effect
	cut    bool                           // its network does not reach WeChat
	stalls time.Duration                  // its goroutines get no turn until then
	lag    time.Duration                  // of the replica of the store that it reads

	refused bool // WeChat refuses its address
	configs int  // that it had

	offset atomic.Int64 // of WeChat's clock, as it has told
	told   atomic.Bool
}

// apps are the accounts. Programs of two accounts may have the same secret.
var apps = []string{"wx0123456789abcdef", "wxfedcba9876543210"}

func account(acct int) credential.ID {
	return credential.ID{BaseURL: "https://api.weixin.qq.com", AppID: apps[acct], Source: "stable"}
}

// nameKeys notes what the keys of the store mean.
func (w *world) nameKeys() {
	for acct := range w.cfg.accounts {
		id := account(acct)
		for _, kind := range credential.Kinds {
			hash := seal.Hash(id.BaseURL, id.AppID, id.Source, string(kind))
			of := strconv.Itoa(acct) + "/" + string(kind)
			w.keys["wechat_card/"+hash] = keyName{"record/" + of, of, kind}
			w.keys["wechat_card_copy/"+hash] = keyName{"copy/" + of, of, kind}
		}
	}
}

type keyName struct {
	name string // of the key
	of   string // the credential
	kind credential.Kind
}

// key gives what names a key in the history.
func (w *world) key(key string) (string, credential.Kind) {
	k, ok := w.keys[key]
	if !ok {
		w.check.fail("keys", "the store has a key that the simulation does not know: "+key)
	}
	return k.name, k.kind
}

// join starts a process.
func (w *world) join(acct int) {
	w.joined++
	n := &node{world: w, id: w.joined, name: strconv.Itoa(100000 + w.joined), acct: acct, weChat: w.weChats[acct]}
	n.Keepers = credential.NewKeepers(account(acct))
	n.skew = time.Duration(w.rng.Int64N(1800)-900) * time.Millisecond
	if w.cfg.wrong > 0 && w.chance(w.cfg.wrong) {
		n.skew += time.Duration(w.rng.IntN(1200)-600) * time.Second
	}
	n.drift = float64(w.rng.IntN(21)-10) / 1e6
	n.configure()
	w.nodes = append(w.nodes, n)
	warm := w.cfg.kinds
	if !w.cfg.large {
		warm = warm[w.rng.IntN(len(warm)+1):] // some keep all warm, some tickets only, some nothing
	}
	e := event{what: evStart, node: n.id, acct: acct, n: n.skew}
	for _, kind := range warm {
		e.text += string(kind) + " "
	}
	w.note(e)
	env := n.env.Load()
	w.busy++
	w.spawn(func() {
		n.Start(env, warm...)
		w.done(n.name + " started")
	})
	if !w.cfg.large {
		for _, kind := range w.cfg.kinds {
			w.traffic(n, kind)
		}
	}
}

// traffic has questions come to a process for as long as it lives.
func (w *world) traffic(n *node, kind credential.Kind) {
	w.after(w.span(0, 2*w.cfg.pace), func() {
		if n.dead || w.ending {
			return
		}
		w.ask(n, kind, "get")
		w.traffic(n, kind)
	})
}

func (n *node) configure() {
	n.configs++
	view := &storeView{n, n.configs, n.name + " " + strconv.Itoa(n.configs)}
	var store credential.Store = view
	if n.cfg.aging {
		store = agingView{view}
	}
	env, err := credential.NewEnv(credential.EnvConfig{
		Fetch: n.fetch, Store: store, Secret: "s3cr3t", Classic: n.cfg.classic, ForceRefresh: true,
		Now: n.clock, Offset: func() time.Duration { return time.Duration(n.offset.Load()) }, LearnClock: n.learnClock,
		Random: n.random, Step: n.step, Observe: n.observe, Logger: slog.New(alarm{n}),
	})
	if err != nil {
		panic(err)
	}
	n.env.Store(env)
}

// alarm hears of panics, which Keepers contain: they end no process, and would be taken for failures.
type alarm struct{ *node }

func (alarm) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (a alarm) WithAttrs([]slog.Attr) slog.Handler         { return a }
func (a alarm) WithGroup(string) slog.Handler              { return a }

func (a alarm) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(attr slog.Attr) bool {
		text += " " + attr.Value.String()
		return true
	})
	if strings.Contains(text, "panic") {
		a.tell(a.name+" panic", func() { a.check.fail("panic", text) })
	}
	return nil
}

// clock is this process's own.
func (n *node) clock() time.Time {
	now := time.Now()
	return now.Add(n.skew + time.Duration(n.drift*float64(now.Sub(n.began))))
}

// random gives the same to all who ask at the same moment, so that it does not matter who asks first.
func (n *node) random() float64 {
	x := n.cfg.seed ^ uint64(n.id)<<48 ^ uint64(n.now())
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// step lets a Keeper go on when it is its turn, which may take a while on a busy machine.
func (n *node) step(kind credential.Kind, who string) {
	_ = n.wait(context.Background(), n.name+" step "+string(kind)+" "+who, func(t *turn) {
		d := time.Duration(0)
		if n.chance(20) {
			d = n.span(0, 20*time.Millisecond)
		}
		n.after(max(d, n.stalls-n.now()), func() { n.finish(t, nil) })
	})
}

// observe writes down what a Keeper tells, when all have stopped: that may be told on any goroutine.
func (n *node) observe(e credential.Event) {
	text, what := "a value from "+string(e.Source), event{what: evTell, node: n.id, acct: n.acct, kind: e.Kind}
	if e.Err != nil {
		text = e.Err.Error()
		what.n = e.NextAttempt.Sub(n.clock())
	}
	what.text = text
	n.tell(n.name+" tell "+string(e.Kind)+text, func() { n.note(what) })
}

// learn has the process learn the time from an answer of WeChat: in whole seconds, and less than two count as none.
func (n *node) learn() {
	n.offset.Store(int64((-n.clock().Sub(n.began) + n.now()).Round(2 * time.Second)))
	n.told.Store(true)
}

// learnClock asks for the time. Where the store tells no age, WeChat is always there to tell it: no faults are of that.
func (n *node) learnClock(context.Context) bool {
	_ = n.wait(context.Background(), n.name+" clock", func(t *turn) {
		n.after(100*time.Millisecond, func() {
			if !n.cfg.aging {
				n.learn()
			}
			n.finish(t, nil)
		})
	})
	return n.told.Load()
}

// fetch asks WeChat as an account does.
func (n *node) fetch(ctx context.Context, kind credential.Kind, force bool) (wechat.Grant, error) {
	if kind == credential.AccessToken {
		return n.call(ctx, kind, force, "")
	}
	tokens := n.Keeper(credential.AccessToken)
	v, err := tokens.Get(ctx, n.env.Load())
	if err != nil {
		return wechat.Grant{}, err
	}
	g, err := n.call(ctx, kind, false, v.Text)
	if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Reaction() != wechat.Credential {
		return g, err
	}
	n.tellRefused(v.Text)
	if v, err = tokens.Reject(ctx, n.env.Load(), v.Text, errInvalid); err != nil {
		return wechat.Grant{}, err
	}
	g, err = n.call(ctx, kind, false, v.Text)
	if e, ok := errors.AsType[*wechat.Error](err); ok && e.Reaction() == wechat.Credential {
		n.tellRefused(v.Text)
		tokens.Drop(v.Text, errInvalid)
		err = &credential.Unavailable{Kind: credential.AccessToken, RetryAt: n.clock().Add(time.Second), Err: err}
	}
	return g, err
}

// tellRefused writes down that a process hears that WeChat refused a token.
func (n *node) tellRefused(text string) {
	n.tell(n.name+" refuse "+text, func() {
		n.note(event{what: evRefuse, node: n.id, acct: n.acct, kind: credential.AccessToken, text: text})
	})
}

// reload gives a process another configuration.
func (w *world) reload(n *node) {
	old := n.env.Load()
	n.configure()
	env := n.env.Load()
	w.note(event{what: evReload, node: n.id, acct: n.acct})
	w.busy++
	w.spawn(func() {
		n.Start(env, w.cfg.kinds...)
		_ = w.wait(context.Background(), n.name+" reload", func(t *turn) { w.after(w.span(0, time.Second), func() { w.finish(t, nil) }) })
		w.stop(n, old)
	})
}

// stop stops a configuration. It runs on a goroutine of its own.
func (w *world) stop(n *node, env *credential.Env) {
	start := w.now()
	n.Stop(env)
	w.tell(n.name+" stopped", func() {
		w.note(event{what: evStop, node: n.id, acct: n.acct, n: w.now() - start})
		w.busy--
	})
}

// kill ends a process and leaves its locks to go stale; another one takes its place, unless the simulation is over.
func (w *world) kill(n *node, follow bool) {
	if n.dead {
		return
	}
	n.dead = true
	for i, other := range w.nodes {
		if other == n {
			w.nodes = append(w.nodes[:i:i], w.nodes[i+1:]...)
		}
	}
	w.note(event{what: evKill, node: n.id, acct: n.acct})
	env := n.env.Load()
	w.busy++
	w.spawn(func() { w.stop(n, env) })
	if follow {
		w.join(n.acct)
	}
}
