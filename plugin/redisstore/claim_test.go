package redisstore

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// TestClaim claims keys from two processes' stores, with no more rights than docs/reference/global-option.md says a user needs.
func TestClaim(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Do("acl", "setuser", "cards", "on", ">hunter2", "~"+DefaultPrefix+"*",
		"+eval", "+evalsha", "+time", "+del", "+hget", "+hmget", "+hset", "+pexpire", "+get", "+set", "+getrange")
	cfg := Config{URLs: []string{server.Addr}, Username: "cards", Password: "hunter2"}
	a, b := open(t, cfg), open(t, cfg)
	ctx := t.Context()

	if got, err := a.Claim(ctx, "k", []byte("a"), time.Minute); got != nil || err != nil {
		t.Fatalf("a free key: got %q, error %v", got, err)
	}
	if got, err := b.Claim(ctx, "k", []byte("b"), time.Minute); string(got) != "a" || err != nil {
		t.Errorf("a claimed key: got %q, error %v", got, err)
	}
	for _, tc := range []struct {
		old, value string
		life       time.Duration
		want       bool
	}{
		{"b", "b", time.Minute, false},
		{"b", "", time.Minute, false},
		{"a", "done", time.Hour, true},
		{"a", "again", time.Hour, false},
		{"done", "", 0, true},
		{"done", "", 0, false},
	} {
		if got, err := a.Swap(ctx, "k", []byte(tc.old), []byte(tc.value), tc.life); got != tc.want || err != nil {
			t.Errorf("swapping %q for %q: got %t, error %v", tc.old, tc.value, got, err)
		}
		if tc.value == "done" {
			ttl, _ := server.Do("pttl", DefaultPrefix+"k").(int64)
			if left := time.Duration(ttl) * time.Millisecond; left <= time.Minute || left > time.Hour {
				t.Errorf("a swapped key expires in %s", left)
			}
		}
	}
	if got, err := b.Claim(ctx, "k", []byte("b"), 50*time.Millisecond); got != nil || err != nil {
		t.Errorf("a deleted key: got %q, error %v", got, err)
	}
	server.Until(func() bool { return server.Do("exists", DefaultPrefix+"k") == int64(0) })

	if err := a.Store(ctx, "record", []byte("v")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Claim(ctx, "record", []byte("a"), time.Minute); err == nil {
		t.Error("a record was claimed")
	}
}

// TestClaimIsOneOnly has many claim the same keys at the same time.
func TestClaimIsOneOnly(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	stores := []*Store{open(t, Config{URLs: []string{server.Addr}}), open(t, Config{URLs: []string{server.Addr}})}
	for i := range 20 {
		var won atomic.Int32
		var wg sync.WaitGroup
		for n := range 16 {
			wg.Go(func() {
				mine := fmt.Appendf(nil, "claimant %d", n)
				got, err := stores[n%2].Claim(t.Context(), fmt.Sprint("k", i), mine, time.Minute)
				switch {
				case err != nil:
					t.Error(err)
				case got == nil:
					won.Add(1)
				case bytes.Equal(got, mine):
					t.Error("a claim was told of itself")
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d claimants got the key", won.Load())
		}
	}
}
