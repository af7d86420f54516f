package kept

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/dedupe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// Shelving is a store that keeps many values under one key.
type Shelving interface {
	// PutField stores a value under a field of the key, and has the key live on for life.
	PutField(ctx context.Context, key, field string, value []byte, life time.Duration) error

	// Field gives the value of a field; fs.ErrNotExist where there is none.
	Field(ctx context.Context, key, field string) ([]byte, error)

	// DropField deletes a field, if it is there.
	DropField(ctx context.Context, key, field string) error

	// Fields lists the fields of the key.
	Fields(ctx context.Context, key string) ([]string, error)
}

// room is where messages lie, by their ids.
type room interface {
	names(ctx context.Context) ([]string, error)
	get(ctx context.Context, id string) ([]byte, error) // fs.ErrNotExist: there is none
	put(ctx context.Context, id string, value []byte, life time.Duration) error
	drop(ctx context.Context, id string) error
}

func roomIn(cfg Config, logger *slog.Logger) room {
	guard := storeguard.New(logger, storeguard.Words{
		Fails: "store fails; messages that no backend accepts are not kept",
		Works: "store works again for messages that no backend accepts",
	})
	switch store := cfg.Store.(type) {
	case Shelving:
		return guarded{shelving{store, cfg.Dir}, guard}
	case dedupe.Listing:
		return guarded{listing{store, cfg.Dir}, guard}
	}
	return cfg.Memory
}

// shelving is a room in Redis.
type shelving struct {
	store Shelving
	key   string
}

func (r shelving) names(ctx context.Context) ([]string, error) { return r.store.Fields(ctx, r.key) }

func (r shelving) get(ctx context.Context, id string) ([]byte, error) {
	return r.store.Field(ctx, r.key, id)
}

func (r shelving) put(ctx context.Context, id string, value []byte, life time.Duration) error {
	return r.store.PutField(ctx, r.key, id, value, life)
}

func (r shelving) drop(ctx context.Context, id string) error {
	return r.store.DropField(ctx, r.key, id)
}

// listing is a room in a store whose keys can be listed, such as Caddy's storage.
type listing struct {
	store dedupe.Listing
	dir   string
}

func (r listing) names(ctx context.Context) ([]string, error) {
	keys, err := r.store.List(ctx, r.dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for i, key := range keys {
		keys[i] = path.Base(key)
	}
	return keys, err
}

func (r listing) get(ctx context.Context, id string) ([]byte, error) {
	return r.store.Load(ctx, path.Join(r.dir, id))
}

func (r listing) put(ctx context.Context, id string, value []byte, _ time.Duration) error {
	return r.store.Store(ctx, path.Join(r.dir, id), value)
}

func (r listing) drop(ctx context.Context, id string) error {
	err := r.store.Delete(ctx, path.Join(r.dir, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// guarded is a room that cannot hurt, be it slow, broken or hung.
type guarded struct {
	room
	guard *storeguard.Guard
}

func (r guarded) names(ctx context.Context) ([]string, error) {
	answer := make(chan []string, 1)
	err := r.guard.Call(ctx, "list", func(ctx context.Context) error {
		names, err := r.room.names(ctx)
		answer <- names
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (r guarded) get(ctx context.Context, id string) ([]byte, error) {
	answer := make(chan []byte, 1)
	err := r.guard.Call(ctx, "load", func(ctx context.Context) error {
		value, err := r.room.get(ctx, id)
		answer <- value
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (r guarded) put(ctx context.Context, id string, value []byte, life time.Duration) error {
	return r.guard.Call(ctx, "store", func(ctx context.Context) error { return r.room.put(ctx, id, value, life) })
}

func (r guarded) drop(ctx context.Context, id string) error {
	return r.guard.Call(ctx, "delete", func(ctx context.Context) error { return r.room.drop(ctx, id) })
}

// Memory is a room in the process. It outlives configurations.
type Memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

// NewMemory makes a Memory that holds nothing.
func NewMemory() *Memory { return &Memory{values: make(map[string][]byte)} }

func (r *Memory) names(context.Context) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.values)), nil
}

func (r *Memory) get(_ context.Context, id string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if value, ok := r.values[id]; ok {
		return value, nil
	}
	return nil, fs.ErrNotExist
}

func (r *Memory) put(_ context.Context, id string, value []byte, _ time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values[id] = value
	return nil
}

func (r *Memory) drop(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.values, id)
	return nil
}
