package redisstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// What is here reads and writes strings that others may read and write, too, at keys that stand as they are, without the prefix, as
// Text does.

const batch = 500 // keys of one round trip

// Texts reads many strings at once. Those that are missing, or are no strings, are missing in the map.
func (s *Store) Texts(ctx context.Context, keys []string) (map[string]string, error) {
	texts := make(map[string]string, len(keys))
	for some := range slices.Chunk(keys, batch) {
		values := make([]*redis.StringCmd, len(some))
		_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range some { // GET for each: in a Cluster they lie anywhere
				values[i] = p.Get(ctx, key)
			}
			return nil
		})
		for i, key := range some {
			text, one := values[i].Result()
			switch {
			case one == nil:
				texts[key] = text
			case !errors.Is(one, redis.Nil) && !redis.HasErrorPrefix(one, "WRONGTYPE"):
				return nil, s.clean("reading keys of redis", errors.Join(err, one))
			}
		}
	}
	return texts, nil
}

// PutText writes a string that stays until somebody removes it.
func (s *Store) PutText(ctx context.Context, key, text string) error {
	return s.clean("writing a key of redis", s.client.Set(ctx, key, text, 0).Err())
}

// DropText deletes a key. existed is whether it was there.
func (s *Store) DropText(ctx context.Context, key string) (existed bool, err error) {
	n, err := s.client.Del(ctx, key).Result()
	return n > 0, s.clean("deleting a key of redis", err)
}

// Keys lists the keys that begin with a prefix, sorted. It goes through all that Redis has, and makes nobody wait for that.
func (s *Store) Keys(ctx context.Context, prefix string) ([]string, error) {
	var mu sync.Mutex
	var keys []string
	scan := func(ctx context.Context, server *redis.Client) error {
		all := server.Scan(ctx, 0, literal.Replace(prefix)+"*", 1000).Iterator()
		for all.Next(ctx) {
			mu.Lock()
			keys = append(keys, all.Val())
			mu.Unlock()
		}
		return all.Err()
	}
	var err error
	switch client := s.client.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, scan)
	case *redis.Client:
		err = scan(ctx, client)
	default:
		err = errors.New("this kind of Redis cannot be listed")
	}
	if err != nil {
		return nil, s.clean("listing keys of redis", err)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// literal takes the meaning from characters that have one in a pattern.
var literal = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`)
