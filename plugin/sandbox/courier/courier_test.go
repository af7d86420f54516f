package courier

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roundTrip answers without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newWorld() *world.World {
	known := accounts.New(nil, 0)
	p := platform.New(map[string]platform.Settings{"wx1": {
		Secret: "s", Token: "t", EncodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", EventsURL: "http://platform.example/",
	}}, known)
	return world.New(known, p, cards.NewStore(false, nil, time.Now), time.Now)
}

// TestStart pushes tickets by the clock: often, until the first is taken; then every ten minutes; and not after stop.
func TestStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(newWorld())
		var tries, up atomic.Int32
		c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			tries.Add(1)
			if up.Load() == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("success"))}, nil
		})
		stop := c.Start()
		want := func(what string, n int32) {
			t.Helper()
			synctest.Wait()
			if got := tries.Swap(0); got != n {
				t.Errorf("%s: got %d pushes, want %d", what, got, n)
			}
		}
		want("at the start", 1)
		time.Sleep(10 * time.Second)
		want("while nobody answers", 5)
		up.Store(1)
		time.Sleep(2 * time.Second)
		want("the first that is taken", 1)
		time.Sleep(30 * time.Minute)
		want("in half an hour", 3)

		c.world.Lock()
		granted, err := c.world.Platform.Grant(c.world.Platform.All()[0], "wx2", nil, "", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.world.Push(granted.Event)
		c.world.Unlock()
		want("an event", 1)
		stop()
		time.Sleep(time.Hour)
		want("after stop", 0)
	})
}

// TestNoAnswer waits five seconds, three times.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(newWorld())
		tries := 0
		c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			tries++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		p := c.world.Platform.All()[0]
		p.Stopped = true
		granted, _ := c.world.Platform.Grant(p, "wx2", nil, "", time.Now())
		c.world.Push(granted.Event)
		began := time.Now()
		all := c.Deliver(t.Context())
		if tries != 3 || time.Since(began) != 15*time.Second || len(all) != 3 || all[2].Error != "no answer came within 5s" {
			t.Errorf("got %d tries in %v: %+v", tries, time.Since(began), all)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := c.Deliver(ctx); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	})
}
