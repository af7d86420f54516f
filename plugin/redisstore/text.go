package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Text reads a string that some other program keeps, at a key that stands as it is, without the prefix. It tells how long
// the key lives still; 0: it has no end. A missing key gives fs.ErrNotExist, and so does one that holds something else.
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
		return "", 0, errNoText
	case err != nil:
		return "", 0, s.clean(doing, err)
	}
	return value.Val(), max(0, ttl.Val()), nil // below 0: no end, or written after we had asked
}

const errNoText absent = "the key holds no string"
