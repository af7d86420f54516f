//go:build binary && unix

package binarytest

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// storeLost is a row in which the store is gone for a time in which all renew once: users notice nothing, and each process
// makes at most one call of each kind a lifetime.
func storeLost(t *testing.T, f *fleet, lose, restore func()) {
	t.Helper()
	f.startWarm()
	tr := f.run(f.nodes...)
	token, ticket := f.tokenCalls(), f.ticketCalls()
	lose()
	f.sleep(f.life + f.life/10)
	// From the start to here all have renewed once; a lifetime begun counts.
	f.mostCalls(token+fleetSize, ticket+(1+learning)*fleetSize)
	restore()
	f.sleep(f.life / 5)
	tr.endAllGood()
}

const (
	storeFails = "credential store fails; serving from memory and sharing nothing"
	storeSlow  = "takes too long"
	storeWarns = `"msg":"credential store ` // of any kind
)

// TestFleetRedisRestarted: Redis is killed and started again, three times, under traffic.
func TestFleetRedisRestarted(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onRedis, 30*time.Second)
	f.startWarm()
	tr := f.run(f.nodes...)
	began := time.Now()
	for range 3 {
		f.redis.Kill()
		f.sleep(f.life * 2 / 3)
		f.redis.Restart()
		f.sleep(f.life / 6)
	}
	tr.endAllGood()
	lifetimes := int(time.Since(began)/(f.life*9/10)) + 1
	f.mostCalls(1+lifetimes*fleetSize, 1+(lifetimes+learning)*fleetSize)
	wantLog(t, storeFails, f.nodes...)
	f.within(f.life*2, "they share again", func() bool { return len(f.records()) == 2 })
}

// TestFleetRedisHanging: Redis is stopped, with SIGSTOP: connections stay open and nothing is answered.
func TestFleetRedisHanging(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onRedis, 30*time.Second)
	storeLost(t, f, f.redis.Pause, f.redis.Resume)
	wantLog(t, storeFails, f.nodes...)
}

// TestFleetFolderDeleted: somebody deletes the shared folder again and again.
func TestFleetFolderDeleted(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onFiles, 30*time.Second)
	var over atomic.Bool
	done := make(chan struct{})
	storeLost(t, f, func() {
		go func() {
			defer close(done)
			for !over.Load() {
				_ = os.RemoveAll(filepath.Join(f.home.dir, "data"))
				time.Sleep(500 * time.Millisecond)
			}
		}()
	}, func() {
		over.Store(true)
		<-done
	})
}

// TestFleetFolderHanging: reading in the shared folder never comes back, as on a network file system whose server is gone.
// Pipes that nobody writes into, in the place of the records, have that effect.
func TestFleetFolderHanging(t *testing.T) {
	t.Parallel()
	f := newFleet(t, onFiles, 30*time.Second)
	var pipes []string
	storeLost(t, f, func() {
		for path := range f.records() {
			pipe := path + ".pipe"
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Error(err)
			}
			if err := os.Rename(pipe, path); err != nil {
				t.Error(err)
			}
			pipes = append(pipes, path)
		}
	}, func() {
		for _, path := range pipes {
			// Those who hang read an end of file.
			if w, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
				w.Close()
			}
			_ = os.Remove(path)
		}
	})
	wantLog(t, storeSlow, f.nodes...)
}

// TestFleetGarbageStore: a store full of garbage, and of values that somebody with another app secret has sealed.
func TestFleetGarbageStore(t *testing.T) {
	kinds := map[string]func(raw, other []byte) []byte{
		"garbage":   func([]byte, []byte) []byte { return bytes.Repeat([]byte{0xff, 0, '{'}, 1000) },
		"empty":     func([]byte, []byte) []byte { return nil },
		"half":      func(raw, _ []byte) []byte { return raw[:len(raw)/2] },
		"swapped":   func(_, other []byte) []byte { return other },
		"elsewhere": foreignSeal,
	}
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, hour)
		f.startWarm()
		calls := 1
		for kind, spoil := range kinds {
			for _, n := range f.nodes {
				n.stop(t)
			}
			before := f.records()
			for name, raw := range before {
				var other []byte
				for otherName, otherRaw := range before {
					if otherName != name {
						other = otherRaw
					}
				}
				f.putRecord(name, spoil(raw, other))
			}
			f.start(f.nodes...)
			f.wantGood(t, f.nodes...)
			calls++
			if f.tokenCalls() != calls || f.ticketCalls() != calls {
				t.Fatalf("%s: WeChat has seen %v, want %d of each", kind, f.w.calls(t), calls)
			}
			if kind != "swapped" && kind != "elsewhere" && !slices.ContainsFunc(f.nodes, func(n *node) bool {
				return strings.Contains(n.log.String(), "credential store holds something else")
			}) {
				t.Errorf("%s: no node has logged a warning", kind)
			}
			f.within(10*time.Second, "good values lie in the store again", func() bool {
				return len(f.obtained()) == 2 && !slices.ContainsFunc(slices.Collect(maps.Values(f.records())), func(raw []byte) bool {
					return bytes.Contains(raw, []byte(foreignText))
				})
			})
		}
	})
}

const foreignText = "Zm9yZWlnbi1mb3JlaWduLWZvcmVpZ24tZm9yZWlnbi1mb3JlaWdu"

// foreignSeal puts another sealed text into a record.
func foreignSeal(raw, _ []byte) []byte {
	var rec map[string]any
	if json.Unmarshal(raw, &rec) != nil {
		return nil
	}
	if value, ok := rec["value"].(map[string]any); ok {
		value["sealed"] = foreignText
	}
	out, _ := json.Marshal(rec)
	return out
}
