package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Text reads a string that some other program keeps, at a key that stands as it is, without the prefix. It tells how long
// the key lives still; 0: it has no end. A missing key gives fs.ErrNotExist, and one that holds something else
// gives ErrNoText, which is that too.
func (s *Store) Text(ctx context.Context, key string) (text string, life time.Duration, err error) {
	const doing = "reading a key of redis"
	var ttl *redis.DurationCmd
	var value *redis.StringCmd
	// The life first: if the key is written again meanwhile, it seems to end earlier than it does, and not later.
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		ttl, value = p.PTTL(ctx, key), p.Get(ctx, key)
		return nil
	})
	switch {
	case errors.Is(err, redis.Nil):
		return "", 0, errMissing
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return "", 0, ErrNoText
	case err != nil:
		return "", 0, s.clean(doing, err)
	}
	return value.Val(), max(0, ttl.Val()), nil // below 0: no end, or written after we had asked
}

// Members reads fields of a hash that some other program keeps, as Text reads a string. Fields that it does not have are
// missing in the map; when it has none of them, that is fs.ErrNotExist, as is a key that holds something else.
func (s *Store) Members(ctx context.Context, key string, fields ...string) (members map[string]string, life time.Duration, err error) {
	const doing = "reading a hash of redis"
	var ttl *redis.DurationCmd
	values := make([]*redis.StringCmd, len(fields))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		ttl = p.PTTL(ctx, key)
		for i, field := range fields { // HGET for each: a user who may do that needs no right to HMGET
			values[i] = p.HGet(ctx, key, field)
		}
		return nil
	})
	switch {
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return nil, 0, errNoMembers
	case err != nil && !errors.Is(err, redis.Nil):
		return nil, 0, s.clean(doing, err)
	}
	members = make(map[string]string)
	for i, field := range fields {
		switch text, err := values[i].Result(); {
		case err == nil:
			members[field] = text
		case !errors.Is(err, redis.Nil): // a pipeline reports its first error, which may have been a missing field
			return nil, 0, s.clean(doing, err)
		}
	}
	if len(members) == 0 {
		return nil, 0, errNoMembers
	}
	return members, max(0, ttl.Val()), nil
}

const (
	// ErrNoText says that a key holds something else than a string.
	ErrNoText absent = "the key holds no string"

	errNoMembers absent = "the key holds no string, and no hash with one of the fields that are looked for"
)
