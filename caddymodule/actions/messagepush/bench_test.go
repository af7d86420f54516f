package messagepush_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// BenchmarkMessagePush pushes different messages, each of them twice, by 32 at a time, to a backend behind reverse_proxy. It
// reports how many pushes that makes a second, and fails when a message got lost or was delivered twice.
func BenchmarkMessagePush(b *testing.B) {
	for _, tc := range []struct {
		name   string
		config func(b *testing.B) pushConfig
	}{
		{"plain", func(*testing.B) pushConfig { return pushConfig{plain: true} }},
		{"safe", func(*testing.B) pushConfig { return pushConfig{} }},
		{"safe_files", func(*testing.B) pushConfig { return pushConfig{store: "caddy"} }},
		{"safe_redis", func(b *testing.B) pushConfig { return pushConfig{store: "redis " + redistest.Start(b).Addr} }},
	} {
		b.Run(tc.name, func(b *testing.B) {
			c := tc.config(b)
			s := newPushSite(b, c)
			requests := make([]*http.Request, b.N)
			for i := range requests {
				msg := strings.Replace(cardEvent, "123456", fmt.Sprint(i/2), 1)
				q := plainPush(msg)
				if !c.plain {
					q = sealedPush(b, msg, sitetest.AppID)
				}
				requests[i] = httptest.NewRequest(http.MethodPost, "http://localhost:9080"+q.Target, strings.NewReader(q.Body))
				requests[i].Header.Set("Content-Type", q.Type)
			}
			var next, refused atomic.Int64
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range 32 {
				wg.Go(func() {
					for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
						w := &statusWriter{NopWriter: *sitetest.NewNopWriter()}
						if s.Server.ServeHTTP(w, requests[i]); w.status != http.StatusOK {
							refused.Add(1)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pushes/s")
			if want := (b.N + 1) / 2; s.count() != want || refused.Load() != 0 {
				b.Errorf("%d messages, %d deliveries, %d refused", want, s.count(), refused.Load())
			}
		})
	}
}

// statusWriter is a nopWriter that knows its status.
type statusWriter struct {
	sitetest.NopWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) { w.status = status }
