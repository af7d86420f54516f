package platform

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
)

// How often what goes on by itself is done.
const (
	flushEvery  = time.Second      // what no store has taken is written again
	replayEvery = 30 * time.Second // events that nobody has dealt with are looked for
	ticketEvery = time.Minute      // it is seen whether the ticket is late
	awaitEvery  = 2 * time.Second  // and, while there is no token, whether another process has one
	alikeEvery  = 10 * time.Minute // it is seen whether both stores have the same names
	sweepEvery  = 6 * time.Hour    // all records are read, and what is old is dropped
)

// stopGrace is what work under way gets when a configuration stops.
const stopGrace = 2 * time.Second

// background is what goes on by itself.
type background struct {
	ctx    context.Context //nolint:containedctx // ends all of it
	cancel context.CancelFunc
	over   chan struct{} // closed when no more is to begin

	mu      sync.Mutex
	stopped bool
	work    sync.WaitGroup
}

func (b *background) init() {
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.over = make(chan struct{})
}

// run does work beside its caller, unless the configuration was stopped: then it is another's, or done after the next start.
func (b *background) run(work func(context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.stopped {
		b.work.Go(func() { work(b.ctx) })
	}
}

// stop lets nothing more begin, and waits for what is under way, two seconds or a little more at the most.
func (b *background) stop() {
	b.mu.Lock()
	if !b.stopped {
		b.stopped = true
		close(b.over)
	}
	b.mu.Unlock()
	grace := time.AfterFunc(stopGrace, b.cancel)
	defer grace.Stop()
	b.work.Wait()
	b.cancel()
}

// chore is what is done every so often.
type chore struct {
	every time.Duration
	do    func(context.Context)
}

// each does chores, each at once and then every so often, with a look at which is due every tick, until the configuration stops.
func (p *Platform) each(tick time.Duration, chores ...chore) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for passed := time.Duration(0); ; passed += tick {
		for _, c := range chores {
			if passed%c.every == 0 && !p.isOver() {
				p.contained(func() { c.do(p.background.ctx) })
			}
		}
		select {
		case <-ticker.C:
		case <-p.background.over:
			return
		}
	}
}

// keep keeps what it must until the configuration stops.
func (p *Platform) keep() {
	p.each(flushEvery,
		chore{flushEvery, p.flush},
		chore{ticketEvery, p.tendTicket},
		chore{awaitEvery, p.awaitTicket},
		chore{replayEvery, p.replay})
	p.contained(func() { p.flush(p.background.ctx) })
}

// tend puts right what got out of order, which may take its time, until the configuration stops.
func (p *Platform) tend() {
	looked := false
	p.each(flushEvery,
		chore{sweepEvery, p.sweep},
		chore{alikeEvery, p.records.Alike},
		chore{flushEvery, func(ctx context.Context) {
			// Once, when there is a token to ask with: what a process could not keep that was killed, WeChat's list has.
			if !looked && p.core.Status(credential.AccessToken).State == credential.Fresh {
				looked = true
				_ = p.look(ctx) // logged where it failed; looks that came too early, without a token, do not count
			}
		}})
}

func (p *Platform) flush(ctx context.Context) {
	if p.vault.Pending() {
		p.vault.Flush(ctx)
	}
}

// contained does work whose panic, on a goroutine where nobody else would recover, is an error in the log.
func (p *Platform) contained(work func()) {
	defer func() {
		if r := recover(); r != nil {
			p.cfg.Logger.Error("panic in the background", slog.String("component", p.cfg.Name), slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
		}
	}()
	work()
}

// sweep reads all that is kept, in both places, so that what one lacks, or has sealed with an older key, is put right; and drops what
// is too old.
func (p *Platform) sweep(ctx context.Context) {
	p.contained(func() { p.sweepRecords(ctx) })
	p.contained(func() { p.sweepCodes(ctx) })
	_, _ = p.lastTicket(ctx)
}

func (p *Platform) sweepRecords(ctx context.Context) {
	names, err := p.records.Names(ctx)
	if err != nil {
		return
	}
	for _, name := range names {
		if p.isOver() {
			return
		}
		r, err := p.newest(ctx, name)
		p.state.count(name, err == nil && r.Refused == nil)
		if errors.Is(err, ErrNotAuthorised) && r.Ended != nil && !r.Ended.Here && p.clock.Now().Sub(time.Unix(r.Ended.At, 0)) > endedLife {
			_ = p.records.Drop(ctx, name) // else the next time
		}
	}
}

func (p *Platform) sweepCodes(ctx context.Context) {
	names, err := p.codes.Names(ctx)
	if err != nil {
		return
	}
	for _, name := range names {
		if p.isOver() {
			return
		}
		e, err := p.codes.Get(ctx, name)
		var o outcome
		if errors.Is(err, vault.ErrForeign) || err == nil && (json.Unmarshal([]byte(e.Text), &o) != nil || !p.fresh(o)) {
			_ = p.codes.Drop(ctx, name) // else the next time
		}
	}
}

func (p *Platform) isOver() bool {
	select {
	case <-p.background.over:
		return true
	default:
		return false
	}
}
