package storeguard

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

var errNone = errors.New("no store")

// Share is a Store under a Guard. A nil Share shares nothing: whatever it is asked for fails at once.
type Share struct {
	guard *Guard
	store Store
}

// NewShare puts a store under a Guard of its own.
func NewShare(store Store, logger *slog.Logger, words Words) *Share {
	return &Share{guard: New(logger, words), store: store}
}

// Load gives what is stored under key; fs.ErrNotExist where nothing is.
func (s *Share) Load(ctx context.Context, key string) (raw []byte, err error) {
	if s == nil {
		return nil, errNone
	}
	var got []byte
	err = s.guard.Call(ctx, "load", func(ctx context.Context) (err error) {
		got, err = s.store.Load(ctx, key)
		return err
	})
	if err != nil {
		return nil, err // not got: a late Load may still write it
	}
	return got, nil
}

// Save stores raw under key, for life where the store's keys can end by themselves. late, unless nil, is called if that
// takes effect after all when it has been given up.
func (s *Share) Save(ctx context.Context, key string, raw []byte, life time.Duration, late func()) error {
	if s == nil {
		return errNone
	}
	return s.guard.call(ctx, "store", func(ctx context.Context) error {
		if store, ok := s.store.(Expiring); ok {
			return store.StoreFor(ctx, key, raw, life)
		}
		return s.store.Store(ctx, key, raw)
	}, late)
}

// Ages tells whether the store is one that tells ages.
func (s *Share) Ages() bool {
	_, ok := s.store.(Aging)
	return ok
}

// Age tells how long ago a key was stored, if the store knows.
func (s *Share) Age(ctx context.Context, key string) (age time.Duration, known bool) {
	if s == nil {
		return 0, false
	}
	store, ok := s.store.(Aging)
	if !ok {
		return 0, false
	}
	// Not by Call: a store that tells no age, for its folder is read-only perhaps, works all the same.
	timed, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var got time.Duration
	err := s.guard.do(timed, func() (err error) {
		got, err = store.Age(timed, key)
		return err
	}, nil)
	if err != nil {
		return 0, false // not got: a late Age may still write it
	}
	return got, true
}
