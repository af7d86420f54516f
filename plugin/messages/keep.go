package messages

import (
	"cmp"
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// sweepEvery is how often what is kept is looked at for what is too old.
const sweepEvery = time.Hour

// WillKeep says that n messages which no backend accepts may be kept; of several numbers the greatest holds. Those that are kept are
// looked after if it was said before Start.
func (in *Inbox) WillKeep(n int) {
	for {
		kept := in.keep.Load()
		if int64(n) <= kept || in.keep.CompareAndSwap(kept, int64(n)) {
			return
		}
	}
}

// KeepPush keeps a message that no backend has accepted. status is what the backend answered with; 0: with nothing. way is
// how the message came, as KeptPush gives it back. It takes a second at most.
func (in *Inbox) KeepPush(m *push.Message, status int, way []byte) {
	err := in.shelf.Failed(context.Background(), kept.Message{
		ID: kept.ID(m.Name[:]), LastStatus: status, Event: m.Event, CardID: m.CardID, Format: m.Format,
		Receiver: m.Receiver(), Plain: m.Plain, Way: way,
	}, int(in.keep.Load()))
	if err != nil && in.cfg.Logger != nil {
		in.cfg.Logger.Warn("message that no backend accepted could not be kept", slog.Any("error", err))
	}
}

// DropPush drops a message that a backend has accepted, if it was kept. It takes a second at most.
func (in *Inbox) DropPush(m *push.Message) {
	if in.keep.Load() > 0 {
		_ = in.shelf.Accepted(context.Background(), kept.ID(m.Name[:])) // else it is known as accepted when it comes again
	}
}

// KeptPushes lists the messages that no backend has accepted, the oldest first. An account without message_push has none.
func (in *Inbox) KeptPushes(ctx context.Context) ([]kept.Message, error) {
	if in.shelf == nil {
		return nil, nil
	}
	return in.shelf.List(ctx)
}

// KeptPush gives one of them, and how it is pushed again: the parameters of the URL and the body. The error is kept.ErrNone
// where there is no such message.
func (in *Inbox) KeptPush(ctx context.Context, id string) (m kept.Message, query url.Values, body []byte, err error) {
	if in.shelf == nil {
		return m, nil, nil, kept.ErrNone
	}
	if m, err = in.shelf.Get(ctx, id); err != nil {
		return m, nil, nil, err
	}
	query, body = in.receiver.Again(m.Plain, m.Format, cmp.Or(m.Receiver, in.cfg.AppID), in.cfg.Clock.Now())
	return m, query, body, nil
}

// sweeper drops what is too old, now and from time to time, in the background.
type sweeper struct {
	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func (s *sweeper) start(sweep func()) { s.next(0, sweep) }

func (s *sweeper) next(in time.Duration, sweep func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.timer = time.AfterFunc(in, func() {
		sweep()
		s.next(sweepEvery, sweep)
	})
}

func (s *sweeper) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped = true; s.timer != nil {
		s.timer.Stop()
	}
}

// Outcome is what became of a message that was pushed again.
type Outcome struct {
	Delivered bool  // it came to DeliverPush
	Err       error // of the delivery; nil: it was accepted, now or before
}

type outcomeKey struct{}

// WithOutcome gives a context for a request that pushes a message again. Its Outcome may be read when the request is over.
func WithOutcome(ctx context.Context) (context.Context, *Outcome) {
	o := new(Outcome)
	return context.WithValue(ctx, outcomeKey{}, o), o
}
