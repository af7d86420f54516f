package redisstore

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// TestHolderKilled kills a process that has a lock.
func TestHolderKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	holder := startHolder(t, server)
	if err := holder.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	died := time.Now()
	if err := s.Lock(within(t, 20*time.Second), heldName); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(died); took > lockLife+5*time.Second {
		t.Errorf("took %s", took)
	}
	if err := s.Unlock(t.Context(), heldName); err != nil {
		t.Error(err)
	}
}

// TestHolderStopped stops a process that has a lock; it wakes up when somebody else has it.
func TestHolderStopped(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	holder := startHolder(t, server)
	holder.pause(t)
	if err := s.Lock(within(t, 20*time.Second), heldName); err != nil {
		t.Fatal(err)
	}
	token := server.Do("get", DefaultPrefix+"lock:"+heldName)
	holder.resume(t)
	if got := holder.unlock(t); !strings.Contains(got, "not held") {
		t.Errorf("the late holder's unlock: %s", got)
	}
	if got := server.Do("get", DefaultPrefix+"lock:"+heldName); got != token {
		t.Errorf("the lock is %v now, was %v", got, token)
	}
	if err := s.Unlock(t.Context(), heldName); err != nil {
		t.Error(err)
	}
}

// TestLockIsKept holds a lock for longer than it would live by itself.
func TestLockIsKept(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	other := open(t, Config{URLs: []string{server.Addr}})
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Lock(ctx, "long"); err != nil {
		t.Fatal(err)
	}
	cancel() // which is of no matter once the lock is ours
	if err := other.Lock(within(t, lockLife+2*time.Second), "long"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := s.Unlock(t.Context(), "long"); err != nil {
		t.Error(err)
	}
	if ttl := server.Do("pttl", DefaultPrefix+"lock:long"); ttl != int64(-2) {
		t.Errorf("the lock is still there, for %v ms", ttl)
	}
}

// TestLostToOurselves loses a lock that the same process then takes again.
func TestLostToOurselves(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	ctx := t.Context()
	for range 2 {
		if err := s.Lock(ctx, "l"); err != nil {
			t.Fatal(err)
		}
		if server.Do("exists", DefaultPrefix+"lock:l") != int64(1) {
			t.Error("no lock")
		}
		server.Do("del", DefaultPrefix+"lock:l")
	}
	if err := s.Lock(ctx, "l"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Unlock(ctx, "l"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	}
	if server.Do("exists", DefaultPrefix+"lock:l") != int64(1) {
		t.Error("the late ones released the lock of the last")
	}
	if err := s.Unlock(ctx, "l"); err != nil {
		t.Error(err)
	}
	if len(s.held) != 0 {
		t.Errorf("%d names are left", len(s.held))
	}
}

// TestWaitersPoll counts what waiting costs the server, and lets all have their turn.
func TestWaitersPoll(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	holder := open(t, Config{URLs: []string{server.Addr}})
	ctx := within(t, time.Minute)
	if err := holder.Lock(ctx, "l"); err != nil {
		t.Fatal(err)
	}
	server.Do("config", "resetstat")
	began := time.Now()
	const waiters = 10
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range waiters {
		s := open(t, Config{URLs: []string{server.Addr}})
		wg.Go(func() {
			if err := s.Lock(ctx, "l"); err != nil {
				t.Error(err)
				return
			}
			if inside.Add(1) != 1 {
				t.Error("two have the lock")
			}
			inside.Add(-1)
			if err := s.Unlock(ctx, "l"); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(2 * time.Second)
	stats, _ := server.Do("info", "commandstats").(string)
	span := time.Since(began)
	calls := 0
	for line := range strings.Lines(stats) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_set:calls="); ok {
			for _, digit := range strings.Split(rest, ",")[0] {
				calls = 10*calls + int(digit-'0')
			}
		}
	}
	if most := waiters * (1 + int(span/minPoll)); calls < waiters || calls > most {
		t.Errorf("%d attempts of %d waiters in %s; at most %d are due", calls, waiters, span, most)
	}
	t.Logf("%d attempts of %d waiters in %s", calls, waiters, span)
	if err := holder.Unlock(ctx, "l"); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
