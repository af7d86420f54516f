//go:build !nowechatredis

package vault_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// A Redis that has lost everything has all of it again.
func TestRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	redis, err := redisstore.New(redisstore.Config{URLs: []string{"redis://" + server.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	files := newStore()
	s := open(t, redis, files)
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("name%02d", i))
		write(t, s, names[i], "first")
		write(t, s, names[i], fmt.Sprint("text ", i))
	}
	if n := s.Standing(); n.Unsaved+n.Uncopied+n.Foreign != 0 {
		t.Errorf("it stands %+v", n)
	}
	client := server.Client()
	defer client.Close()
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	other := open(t, redis, files)
	want(t, other, names[7], "text 7")
	other.Alike(t.Context())
	alone := open(t, redis, nil)
	if got, err := alone.Names(t.Context()); err != nil || !slices.Equal(got, names) {
		t.Errorf("Redis has %v, %v", got, err)
	}
	for i, name := range names {
		want(t, alone, name, fmt.Sprint("text ", i))
	}
	if err := s.Drop(t.Context(), names[3]); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, redis, files).Names(t.Context()); err != nil || len(got) != 19 {
		t.Errorf("Redis has %v, %v", got, err)
	}
}
