package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// These scripts touch one key each, too. What they store is a plain string.
var (
	claimScript = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
return redis.call('GET', KEYS[1])`)

	swapScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`)
)

// Claim stores value at a key that has none, for life, and gives nil; or else it gives the key's value. Of any number of
// callers, in any number of processes, one gets nil. What Store has stored cannot be claimed: that is an error.
func (s *Store) Claim(ctx context.Context, key string, value []byte, life time.Duration) (current []byte, err error) {
	text, err := claimScript.Run(ctx, s.client, []string{s.prefix + key}, value, max(1, life.Milliseconds())).Text()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return []byte(text), s.clean("claiming in redis", err)
}

// Swap stores value at the key for life, or deletes the key when value is empty, provided that the key's value is old.
func (s *Store) Swap(ctx context.Context, key string, old, value []byte, life time.Duration) (swapped bool, err error) {
	swapped, err = swapScript.Run(ctx, s.client, []string{s.prefix + key}, old, value, max(1, life.Milliseconds())).Bool()
	return swapped, s.clean("swapping in redis", err)
}
