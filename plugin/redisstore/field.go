package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// PutField stores a value under a field of the key, and has the key live on for life. Store must not be used with that key.
func (s *Store) PutField(ctx context.Context, key, field string, value []byte, life time.Duration) error {
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, s.prefix+key, field, value)
		p.PExpire(ctx, s.prefix+key, max(time.Millisecond, life))
		return nil
	})
	return s.clean("storing in redis", err)
}

// Field gives the value of a field. A missing one gives fs.ErrNotExist.
func (s *Store) Field(ctx context.Context, key, field string) ([]byte, error) {
	value, err := s.client.HGet(ctx, s.prefix+key, field).Bytes()
	if err != nil {
		return nil, s.missing(key, "loading from redis", err)
	}
	return value, nil
}

// DropField deletes a field, if it is there.
func (s *Store) DropField(ctx context.Context, key, field string) error {
	return s.clean("deleting from redis", s.client.HDel(ctx, s.prefix+key, field).Err())
}

// Fields lists the fields of the key, in no order.
func (s *Store) Fields(ctx context.Context, key string) ([]string, error) {
	fields, err := s.client.HKeys(ctx, s.prefix+key).Result()
	return fields, s.clean("listing in redis", err)
}
