package vault

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/dedupe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// forever is for how long a store keeps what it would otherwise forget.
const forever = 10 * 365 * 24 * time.Hour

// room is a store that can tell the names in its folders.
type room interface {
	names(ctx context.Context, dir string) ([]string, error)
	get(ctx context.Context, dir, name string) ([]byte, error) // fs.ErrNotExist: there is none
	put(ctx context.Context, dir, name string, value []byte) error
	drop(ctx context.Context, dir, name string) error
}

// side is one of the places, which cannot hurt, be it slow, broken or hung.
type side struct {
	name  string
	room  room
	guard *storeguard.Guard
	share *storeguard.Share // for its locks
}

func newSide(store storeguard.Store, name string, logger *slog.Logger) *side {
	words := storeguard.Words{
		Fails: name + " fails; what must not be lost of a third-party platform lies elsewhere, and is written again when it works",
		Works: name + " works again for what must not be lost of a third-party platform",
	}
	s := &side{name: name, guard: storeguard.New(logger, words), share: storeguard.NewShare(store, logger, words)}
	switch store := store.(type) {
	case kept.Shelving:
		s.room = shelving{store}
	case dedupe.Listing:
		s.room = listing{store}
	default:
		s.room = plain{store}
	}
	return s
}

func (s *side) names(ctx context.Context, dir string) ([]string, error) {
	answer := make(chan []string, 1)
	err := s.guard.Call(ctx, "list", func(ctx context.Context) error {
		names, err := s.room.names(ctx, dir)
		answer <- names
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (s *side) get(ctx context.Context, dir, name string) ([]byte, error) {
	answer := make(chan []byte, 1)
	err := s.guard.Call(ctx, "load", func(ctx context.Context) error {
		value, err := s.room.get(ctx, dir, name)
		answer <- value
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (s *side) put(ctx context.Context, dir, name string, value []byte) error {
	return s.guard.Call(ctx, "store", func(ctx context.Context) error { return s.room.put(ctx, dir, name, value) })
}

func (s *side) drop(ctx context.Context, dir, name string) error {
	return s.guard.Call(ctx, "delete", func(ctx context.Context) error { return s.room.drop(ctx, dir, name) })
}

// shelving is a room in Redis: a folder is a key, a name a field of it.
type shelving struct{ store kept.Shelving }

func (r shelving) names(ctx context.Context, dir string) ([]string, error) {
	return r.store.Fields(ctx, dir)
}

func (r shelving) get(ctx context.Context, dir, name string) ([]byte, error) {
	return r.store.Field(ctx, dir, name)
}

func (r shelving) put(ctx context.Context, dir, name string, value []byte) error {
	return r.store.PutField(ctx, dir, name, value, forever)
}

func (r shelving) drop(ctx context.Context, dir, name string) error {
	return r.store.DropField(ctx, dir, name)
}

// listing is a room in a store whose keys can be listed, such as Caddy's storage.
type listing struct{ store dedupe.Listing }

func (r listing) names(ctx context.Context, dir string) ([]string, error) {
	keys, err := r.store.List(ctx, dir, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		if name := path.Base(key); isStray(name) {
			r.sweep(ctx, path.Join(dir, name))
		} else {
			names = append(names, name)
		}
	}
	return names, err
}

// strayFor is for how long a stray may be somebody's who is still writing.
const strayFor = 10 * time.Minute

// isStray tells whether a name is that of a file that somebody left behind who was killed while he wrote: Caddy's storage writes beside the
// file that it replaces, under a random number. Nothing of ours is called so.
func isStray(name string) bool { return len(name) <= 20 && field.All(name, field.IsDigit) }

// sweep takes away a stray that is old, where the store tells how old it is.
func (r listing) sweep(ctx context.Context, key string) {
	store, ok := r.store.(storeguard.Aging)
	if !ok {
		return
	}
	if age, err := store.Age(ctx, key); err == nil && age > strayFor {
		_ = r.store.Delete(ctx, key) // the next one tries again
	}
}

func (r listing) get(ctx context.Context, dir, name string) ([]byte, error) {
	return r.store.Load(ctx, path.Join(dir, name))
}

func (r listing) put(ctx context.Context, dir, name string, value []byte) error {
	if store, ok := r.store.(storeguard.Expiring); ok {
		return store.StoreFor(ctx, path.Join(dir, name), value, forever)
	}
	return r.store.Store(ctx, path.Join(dir, name), value)
}

func (r listing) drop(ctx context.Context, dir, name string) error {
	err := r.store.Delete(ctx, path.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// plain is a room in any other store: which names there are lies under a key of its own, and what is dropped is left empty.
type plain struct{ store storeguard.Store }

const index = "index"

func (r plain) names(ctx context.Context, dir string) (names []string, err error) {
	raw, err := r.store.Load(ctx, path.Join(dir, index))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_ = json.Unmarshal(raw, &names) // of nonsense there are none
	return names, nil
}

func (r plain) get(ctx context.Context, dir, name string) ([]byte, error) {
	value, err := r.store.Load(ctx, path.Join(dir, name))
	if err == nil && len(value) == 0 {
		return nil, fs.ErrNotExist
	}
	return value, err
}

func (r plain) put(ctx context.Context, dir, name string, value []byte) error {
	if err := r.list(ctx, dir, name, true); err != nil {
		return err
	}
	return r.write(ctx, path.Join(dir, name), value)
}

func (r plain) drop(ctx context.Context, dir, name string) error {
	if err := r.write(ctx, path.Join(dir, name), nil); err != nil {
		return err
	}
	return r.list(ctx, dir, name, false)
}

func (r plain) write(ctx context.Context, key string, value []byte) error {
	if store, ok := r.store.(storeguard.Expiring); ok {
		return store.StoreFor(ctx, key, value, forever)
	}
	return r.store.Store(ctx, key, value)
}

// list has a name be among those of a folder, or not. There is no lock for it, for the name's own is held: it is looked at again
// whether another process has written at the same time.
func (r plain) list(ctx context.Context, dir, name string, in bool) error {
	for range 3 {
		names, err := r.names(ctx, dir)
		if err != nil || slices.Contains(names, name) == in {
			return err
		}
		names = slices.DeleteFunc(names, func(n string) bool { return n == name })
		if in {
			names = append(names, name)
		}
		raw, _ := json.Marshal(names) // can always be written
		if err := r.write(ctx, path.Join(dir, index), raw); err != nil {
			return err
		}
	}
	return nil
}
