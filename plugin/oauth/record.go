package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// lockWait is how long a process waits for another that asks WeChat about the same code: longer than WeChat is given for it.
const lockWait = 10 * time.Second

// sweepPause is how often a process looks for records that a store keeps past their life.
const sweepPause = outcomeLife

// listing is a store whose keys can be listed and deleted, as Caddy's can.
type listing interface {
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, path string, recursive bool) ([]string, error)
}

// shelf is what a fleet shares: what codes have told, sealed, each under the name of its code and state. A record is the time in
// seconds since 1970, a blank, and what is sealed.
type shelf struct {
	share  *storeguard.Share // nil: there is no store
	dir    string
	sealer *seal.Sealer
	now    func() time.Time

	old   listing // nil: the store ends its keys by itself, or cannot list them
	guard *storeguard.Guard

	mu      sync.Mutex
	swept   time.Time
	stopped bool
	work    sync.WaitGroup
	ending  context.Context //nolint:containedctx // ends what goes on in the background
	end     context.CancelFunc
}

func newShelf(cfg Config, sealer *seal.Sealer) *shelf {
	s := &shelf{dir: cfg.Prefix, sealer: sealer, now: cfg.Now}
	s.ending, s.end = context.WithCancel(context.Background())
	if cfg.Store == nil {
		return s
	}
	words := storeguard.Words{
		Fails: "store fails; what the codes of visitors have told is known to this process alone",
		Works: "store works again for what the codes of visitors have told",
	}
	s.share = storeguard.NewShare(cfg.Store, cfg.Logger, words)
	if _, ends := cfg.Store.(storeguard.Expiring); !ends {
		if old, ok := cfg.Store.(listing); ok {
			s.old, s.guard = old, storeguard.New(cfg.Logger, words)
		}
	}
	return s
}

func (s *shelf) key(name string) string { return s.dir + "/" + name }

// lock waits until no other process asks about a code. It is not locked when that takes too long, or the store fails: then the code
// is asked about all the same, for nothing else helps the visitor. unlock is to be called in any case.
func (s *shelf) lock(ctx context.Context, name string) (unlock func(), locked bool) {
	if s.share == nil {
		return func() {}, false
	}
	ctx, cancel := context.WithCancel(ctx)
	patience := time.AfterFunc(lockWait, cancel)
	key := s.key(name) + ".lock"
	err := s.share.Lock(ctx, key)
	patience.Stop()
	if err != nil {
		cancel()
		return func() {}, false
	}
	return func() {
		defer cancel()
		s.share.Unlock(context.WithoutCancel(ctx), key)
	}, true
}

// load gives what a code has told another process.
func (s *shelf) load(ctx context.Context, name string) (o outcome, ok bool) {
	raw, err := s.share.Load(ctx, s.key(name))
	if err != nil {
		return o, false
	}
	written, sealed, _ := strings.Cut(string(raw), " ")
	text, err := s.sealer.Open(sealed, s.key(name))
	if err != nil || json.Unmarshal([]byte(text), &o) != nil || written != strconv.FormatInt(o.Time, 10) {
		return outcome{}, false
	}
	now := s.now()
	age := now.Sub(time.Unix(o.Time, 0))
	if told, known := s.share.Age(ctx, s.key(name)); known {
		age = told // no clock of ours has a say in it
	}
	if age < -skew || age >= outcomeLife {
		return outcome{}, false
	}
	o.Time = now.Add(-max(age, 0)).Unix()
	return o, true
}

// save writes what a code has told.
func (s *shelf) save(ctx context.Context, name string, o outcome) {
	if s.share == nil {
		return
	}
	text, _ := json.Marshal(o) // can always be written
	raw := strconv.FormatInt(o.Time, 10) + " " + s.sealer.Seal(string(text), s.key(name))
	if s.share.Save(ctx, s.key(name), []byte(raw), outcomeLife, nil) == nil { // of errors the guard warns
		s.sweepSoon()
	}
}

// sweepSoon drops old records in the background, where the store does not, unless that was done lately.
func (s *shelf) sweepSoon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.old != nil && !s.stopped && now.Sub(s.swept) >= sweepPause {
		s.swept = now
		s.work.Go(func() { s.sweep(s.ending) })
	}
}

// sweep drops old records. One whose process had a wrong clock stays a little longer, or goes a little earlier.
func (s *shelf) sweep(ctx context.Context) {
	answer := make(chan []string, 1)
	err := s.guard.Call(ctx, "list", func(ctx context.Context) error {
		keys, err := s.old.List(ctx, s.dir, false)
		answer <- keys
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return
	}
	for _, key := range <-answer {
		if ctx.Err() != nil {
			return
		}
		raw, err := s.share.Load(ctx, key)
		if err != nil {
			continue
		}
		written, _, _ := strings.Cut(string(raw), " ")
		if at, err := strconv.ParseInt(written, 10, 64); err == nil && s.now().Sub(time.Unix(at, 0)) < outcomeLife+skew {
			continue
		}
		_ = s.guard.Call(ctx, "delete", func(ctx context.Context) error { // it is tried again, later
			err := s.old.Delete(ctx, key)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
	}
}

// stop ends what goes on in the background.
func (s *shelf) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.end()
	s.work.Wait()
}
