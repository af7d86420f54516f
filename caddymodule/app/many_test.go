package app_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
)

// many runs a site with so many accounts and waits until all are warm. It gives the bytes of the heap that are in use then, and the
// goroutines.
func many(t *testing.T, n int) (heap, goroutines int) {
	t.Helper()
	var calls, conns atomic.Int32
	weChat := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := calls.Add(1)
		if strings.HasSuffix(r.URL.Path, "getticket") {
			_, _ = fmt.Fprintf(w, `{"errcode":0,"errmsg":"ok","ticket":"ticket-%090d","expires_in":7200}`, number)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%0140d","expires_in":7200}`, number)
	}))
	weChat.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	weChat.Start()
	defer weChat.Close()
	var accounts strings.Builder
	for i := range n {
		accounts.WriteString(sitetest.AccountOption(fmt.Sprintf("m%d", i), fmt.Sprintf("wx%016x", 1<<40+i)))
	}
	sitetest.Run(t, weChat.URL, accounts.String(), "wechat_card add_card {\naccount {query.a}\ncard *\n}")
	for int(calls.Load()) < 2*n {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(time.Second) // what is stored behind them
	if most := conns.Load(); most > 64 {
		t.Errorf("%d connections", most)
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc), runtime.NumGoroutine()
}

// What an account takes at rest is bounded, for there may be ten thousand.
func TestMemoryOfAnAccount(t *testing.T) {
	if testing.Short() || racetest.Enabled {
		t.Skip("so many are warm after some seconds only, and the race detector takes memory itself")
	}
	const more = 100
	few, goroutinesOfFew := many(t, 1)
	lots, goroutines := many(t, 1+more)
	each := (lots - few) / more
	t.Logf("%d bytes an account, %d and %d goroutines", each, goroutinesOfFew, goroutines)
	if each > 24<<10 { // some 13 KB, and what sites in tests remember of each
		t.Errorf("an account takes %d bytes of the heap", each)
	}
	if goroutines > goroutinesOfFew+100 { // connections that are idle
		t.Errorf("%d goroutines, %d with one account", goroutines, goroutinesOfFew)
	}
}
