// Package kept keeps messages that nobody has accepted, sealed, until somebody does: a number of them, 16 MiB at most, for
// seven days at most.
//
// They lie in the account's store, so that any process of a fleet can bring them again. kept.go is what is done with them,
// record.go what lies in the store, room.go the kinds of stores.
package kept

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// The bounds of what is kept of one account, whatever number of messages is allowed.
const (
	MaxBytes = 16 << 20 // as they lie in the store
	MaxAge   = 7 * 24 * time.Hour
)

// purpose is what the secret is for.
const purpose = "kept messages"

// fresh is how long a list of the store's messages will do.
const fresh = time.Second

// ErrNone says that there is no such message.
var ErrNone = errors.New("no such message is kept")

// Message is one that nobody has accepted yet.
type Message struct {
	ID         string      `json:"-"`     // 32 hex digits, which WeChat's repetitions share
	Time       time.Time   `json:"-"`     // of its first failure, in whole microseconds
	Tries      int         `json:"tries"` // that failed
	LastStatus int         `json:"last_status"`
	Event      string      `json:"event"`
	CardID     string      `json:"card_id"`
	Format     push.Format `json:"format"`
	Receiver   string      `json:"receiver"` // whom it was encrypted for
	Plain      []byte      `json:"plain"`
	Way        []byte      `json:"way"` // how it came, as its keeper has to know to bring it again
}

// Config is what a Shelf needs to know.
type Config struct {
	Memory *Memory          // required
	Store  storeguard.Store // nil, or one whose keys cannot be listed: messages are lost with the process
	Dir    string           // of the store's keys, without a slash at its end
	Secret string           // what they are sealed with; required
	Older  []string         // what they may have been sealed with before
	Logger *slog.Logger     // nil: silent
	Now    func() time.Time // nil: time.Now
}

// Shelf is one configuration's side of what is kept. Any number of goroutines may use it.
type Shelf struct {
	room   room
	label  string
	sealer *seal.Sealer
	older  []*seal.Sealer
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	known  map[string]lying // by id: what lies in the room, as far as this process knows
	listed time.Time
}

// lying is what a bound needs to know of a message.
type lying struct {
	since int64 // in microseconds since 1970
	size  int
}

// New makes a Shelf. It calls nobody.
func New(cfg Config) (*Shelf, error) {
	sealer, err := seal.For(cfg.Secret, purpose)
	if err != nil {
		return nil, err
	}
	s := &Shelf{label: cfg.Dir, sealer: sealer, logger: cfg.Logger, now: cfg.Now, known: make(map[string]lying)}
	for _, secret := range cfg.Older {
		opener, err := seal.For(secret, purpose)
		if err != nil {
			return nil, err
		}
		s.older = append(s.older, opener)
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.room = roomIn(cfg, s.logger)
	return s, nil
}

// Failed keeps a message, or counts one more failure of it: its Time and Tries are set here. Past limit messages, or 16 MiB,
// the oldest are dropped.
func (s *Shelf) Failed(ctx context.Context, m Message, limit int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Time, m.Tries = s.now().Truncate(time.Microsecond), 1
	if raw, err := s.room.get(ctx, m.ID); err == nil {
		if old, err := s.open(m.ID, raw); err == nil {
			m.Time, m.Tries = old.Time, old.Tries+1
		}
	}
	raw, err := s.seal(m)
	if err != nil {
		return err
	}
	if err := s.look(ctx, fresh); err != nil {
		return err
	}
	if err := s.room.put(ctx, m.ID, raw, MaxAge); err != nil {
		return err
	}
	s.known[m.ID] = lying{m.Time.UnixMicro(), len(raw)}
	s.trim(ctx, limit)
	return nil
}

// Accepted drops a message, if it is kept.
func (s *Shelf) Accepted(ctx context.Context, id string) error {
	err := s.room.drop(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.known, id)
	}
	return err
}

// Get gives a message; ErrNone where there is no such one, or it was sealed with another secret.
func (s *Shelf) Get(ctx context.Context, id string) (Message, error) {
	if !IsID(id) {
		return Message{}, ErrNone
	}
	raw, err := s.room.get(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return Message{}, ErrNone
	}
	if err != nil {
		return Message{}, err
	}
	m, err := s.open(id, raw)
	if err != nil || s.now().Sub(m.Time) > MaxAge {
		return Message{}, ErrNone
	}
	return m, nil
}

// List gives all messages, the oldest first, but for those that were sealed with another secret. It drops what is too old.
func (s *Shelf) List(ctx context.Context) ([]Message, error) {
	if err := s.Sweep(ctx, 0); err != nil {
		return nil, err
	}
	s.mu.Lock()
	ids := s.ordered()
	s.mu.Unlock()
	var list []Message
	for _, id := range ids {
		m, err := s.Get(ctx, id)
		switch {
		case err == nil:
			list = append(list, m)
		case !errors.Is(err, ErrNone):
			return nil, err
		}
	}
	return list, nil
}

// Waiting lists which messages there are, and since when, the oldest first. It reads none of those that it has seen before.
func (s *Shelf) Waiting(ctx context.Context) ([]Waiting, error) {
	if err := s.Sweep(ctx, 0); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Waiting, 0, len(s.known))
	for _, id := range s.ordered() {
		list = append(list, Waiting{id, time.UnixMicro(s.known[id].since)})
	}
	return list, nil
}

// Waiting is a message that is there, and since when.
type Waiting struct {
	ID    string
	Since time.Time
}

// Sweep drops what is too old, and what is past limit; 0: no number is the limit.
func (s *Shelf) Sweep(ctx context.Context, limit int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.look(ctx, 0); err != nil {
		return err
	}
	s.trim(ctx, limit)
	return nil
}

// look finds out what lies in the room, unless that was done within a span. s.mu is held.
func (s *Shelf) look(ctx context.Context, within time.Duration) error {
	now := s.now()
	if !s.listed.IsZero() && now.Sub(s.listed) < within {
		return nil
	}
	ids, err := s.room.names(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]lying, len(ids))
	for _, id := range ids {
		if !IsID(id) {
			continue
		}
		if old, ok := s.known[id]; ok {
			known[id] = old
			continue
		}
		raw, err := s.room.get(ctx, id)
		if errors.Is(err, fs.ErrNotExist) { // another process has just dropped it
			continue
		}
		if err != nil {
			return err
		}
		known[id] = lying{since(raw), len(raw)} // of nonsense since 1970: it goes first
	}
	s.known, s.listed = known, now
	return nil
}

// trim drops what is too old, and the oldest of what is too much. s.mu is held.
func (s *Shelf) trim(ctx context.Context, limit int) {
	oldest := s.now().Add(-MaxAge).UnixMicro()
	count, size := len(s.known), 0
	for _, m := range s.known {
		size += m.size
	}
	dropped := 0
	for _, id := range s.ordered() {
		m := s.known[id]
		tooMuch := limit > 0 && count > limit || size > MaxBytes
		if m.since >= oldest && !tooMuch {
			break
		}
		if s.room.drop(ctx, id) != nil {
			break // later
		}
		delete(s.known, id)
		count, size = count-1, size-m.size
		if m.since >= oldest {
			dropped++
		}
	}
	if dropped > 0 {
		s.logger.Warn("messages that no backend accepted are too many to keep; the oldest were dropped", slog.Int("dropped", dropped), slog.Int("kept", count))
	}
}

// ordered lists the ids, the oldest first. s.mu is held.
func (s *Shelf) ordered() []string {
	ids := make([]string, 0, len(s.known))
	for id := range s.known {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.known[a].since, s.known[b].since), cmp.Compare(a, b))
	})
	return ids
}
