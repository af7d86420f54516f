//go:build binary && unix

package binarytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// A fleet is three Caddys that share a store, in front of one stand-in for WeChat. Every test whose name begins with
// TestFleet is one row of what a fleet must withstand.
//
// Lifetimes are short here, so that renewals come by the minute. The phone checks signatures while the fault lasts, at once
// and again later (see traffic).
type fleet struct {
	t     *testing.T
	w     *wechat
	life  time.Duration
	wait  time.Duration     // for one answer of WeChat
	home  *home             // all nodes' own, with one folder for data
	redis *redistest.Server // nil: they share the folder
	nodes []*node
}

const fleetSize = 3

// The stores that fleets share.
const (
	onFiles = "files"
	onRedis = "redis"
)

// eachStore runs a row on every store.
func eachStore(t *testing.T, row func(t *testing.T, store string)) {
	t.Parallel()
	for _, store := range []string{onFiles, onRedis} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			row(t, store)
		})
	}
}

// newFleet prepares a fleet whose credentials live as long as told; start starts it.
func newFleet(t *testing.T, store string, life time.Duration) *fleet {
	t.Helper()
	return newPatientFleet(t, store, life, 5*time.Second)
}

// newPatientFleet is newFleet, for which WeChat may take as long as told to answer.
func newPatientFleet(t *testing.T, store string, life, wait time.Duration) *fleet {
	t.Helper()
	f := &fleet{t: t, life: life, wait: wait, home: newHome(t, appSecret)}
	if store == onRedis {
		f.redis = redistest.Start(t)
	}
	f.w = runWeChat(t, fmt.Sprintf("expires_in %d", int(life.Seconds())))
	for i, port := range freeport.Ports(t, fleetSize) {
		n := &node{name: fmt.Sprint("node ", i), port: port, way: newWay(t)}
		n.config = f.home.file(t, fmt.Sprint("Caddyfile-", i), f.caddyfile(n, ""))
		f.nodes = append(f.nodes, n)
	}
	return f
}

// caddyfile is the configuration of a node.
func (f *fleet) caddyfile(n *node, more string) string {
	store := "caddy"
	if f.redis != nil {
		store = "redis redis://" + f.redis.Addr
	}
	return fmt.Sprintf(`
{
	default_bind 127.0.0.1
	grace_period 2s
	persist_config off
	wechat_card {
		api %s
		timeout %v
		proxy %s
		store %s
		account {
			app_id wx0123456789abcdef
			app_secret {env.APP_SECRET}
		}
	}
}

:%s {
	wechat_card /addCard add_card {
		card *
	}
	wechat_card /openCard open_card {
		card *
	}
	%s
}
`, f.w.url, f.wait, n.way.url, store, n.port, more)
}

// start starts nodes, all at once.
func (f *fleet) start(nodes ...*node) {
	f.t.Helper()
	var wg sync.WaitGroup
	for _, n := range nodes {
		wg.Go(func() { n.caddy = f.home.run(f.t, n.config) })
	}
	wg.Wait()
	if f.t.Failed() {
		f.t.FailNow()
	}
}

// startWarm starts the whole fleet, and returns when all nodes have served and everything lies in the store.
func (f *fleet) startWarm() {
	f.t.Helper()
	f.start(f.nodes...)
	for _, n := range f.nodes {
		get(f.t, n.addCardURL())
	}
	f.within(10*time.Second, "both credentials lie in the store", func() bool { return len(f.records()) == 2 })
	f.wantCalls(1, 1)
}

// within waits for a condition.
func (f *fleet) within(patience time.Duration, what string, met func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("after %v it is still not so that %s", patience, what)
		}
	}
}

// sleep lets the fault last.
func (f *fleet) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-f.t.Context().Done():
	}
}

// tokenCalls and ticketCalls count what WeChat saw.
func (f *fleet) tokenCalls() int  { return f.w.calls(f.t)["/cgi-bin/stable_token"] }
func (f *fleet) ticketCalls() int { return f.w.calls(f.t)["/cgi-bin/ticket/getticket"] }

// wantCalls fails the test unless WeChat saw exactly so many calls.
func (f *fleet) wantCalls(token, ticket int) {
	f.t.Helper()
	if gotToken, gotTicket := f.tokenCalls(), f.ticketCalls(); gotToken != token || gotTicket != ticket {
		f.t.Errorf("WeChat saw %d token calls and %d ticket calls, want %d and %d", gotToken, gotTicket, token, ticket)
	}
}

// learning is how many getticket calls it costs at most to see how WeChat gives tickets: once a fleet, or once a process that
// shares nothing.
const learning = 2

// mostCalls fails the test when WeChat saw more calls than that.
func (f *fleet) mostCalls(token, ticket int) {
	f.t.Helper()
	gotToken, gotTicket := f.tokenCalls(), f.ticketCalls()
	f.t.Logf("WeChat saw %d token calls and %d ticket calls, at most %d and %d are allowed", gotToken, gotTicket, token, ticket)
	if gotToken > token || gotTicket > ticket {
		f.t.Errorf("that is more")
	}
}

// fault makes calls of WeChat go wrong for all nodes.
func (f *fleet) fault(text string) { fault(f.t, f.w, text) }

// folder is where the nodes keep credentials when they share files.
func (f *fleet) folder() string { return filepath.Join(f.home.dir, "data", "caddy", "wechat_card") }

// nameLength is that of a record's name; other files lie beside the records.
const nameLength = 32

// records are the raw records in the store, by name.
func (f *fleet) records() map[string][]byte {
	found := make(map[string][]byte)
	if f.redis == nil {
		paths, _ := filepath.Glob(filepath.Join(f.folder(), "*"))
		for _, path := range paths {
			if b, err := os.ReadFile(path); err == nil && len(filepath.Base(path)) == nameLength {
				found[path] = b
			}
		}
		return found
	}
	client := f.redis.Client()
	defer client.Close()
	keys, _ := client.Keys(f.t.Context(), "caddy-wechat-card:wechat_card/*").Result()
	for _, key := range keys {
		if b, err := client.HGet(f.t.Context(), key, "value").Bytes(); err == nil {
			found[key] = b
		}
	}
	return found
}

// putRecord replaces the record of a name.
func (f *fleet) putRecord(name string, raw []byte) {
	if f.redis == nil {
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			f.t.Error(err)
		}
		return
	}
	client := f.redis.Client()
	defer client.Close()
	if err := client.HSet(f.t.Context(), name, "value", raw).Err(); err != nil {
		f.t.Error(err)
	}
}

// obtained tells when WeChat gave the stored values, by name.
func (f *fleet) obtained() map[string]int64 {
	times := make(map[string]int64)
	for name, raw := range f.records() {
		var rec struct {
			Value struct {
				Obtained int64 `json:"obtained"`
			} `json:"value"`
		}
		if json.Unmarshal(raw, &rec) == nil && rec.Value.Obtained > 0 {
			times[name] = rec.Value.Obtained
		}
	}
	return times
}

// others are the nodes but one.
func (f *fleet) others(n *node) []*node {
	return slices.DeleteFunc(slices.Clone(f.nodes), func(other *node) bool { return other == n })
}

// serveWithin waits until all nodes serve at the same time.
func (f *fleet) serveWithin(patience time.Duration) {
	f.t.Helper()
	f.within(patience, "all nodes serve", func() bool {
		return !slices.ContainsFunc(f.nodes, func(n *node) bool {
			status, _, _, _ := answer(f.t.Context(), http.DefaultClient, n.addCardURL())
			return status != http.StatusOK
		})
	})
}
