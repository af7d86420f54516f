package relay_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// BenchmarkRelay measures calls through relay and through reverse_proxy alone, to the same WeChat over a socket.
func BenchmarkRelay(b *testing.B) {
	for _, size := range []int{100, 10 << 10, 60 << 10, 1 << 20} {
		answer := []byte(`{"errcode":0,"errmsg":"ok","x":"` + strings.Repeat("x", size) + `"}`)
		s := newRelaySiteOf(b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
			_, _ = w.Write(answer)
		}, "", `
	wechat_card /card/* relay {
		allow   /card/*
		clients private_ranges
	}
	reverse_proxy API`)
		s.wechat.quiet = true
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, tc := range []struct{ name, path string }{{"relay", "/card/get"}, {"reverse_proxy", "/menu/get"}} {
				b.Run(fmt.Sprintf("%s-%d/%s", method, size, tc.name), func(b *testing.B) {
					template := httptest.NewRequest(method, "http://localhost:9080"+tc.path+"?type=x", nil)
					body := []byte(`{"card_id":"pjZ8Yt1XGILfi-FUsewpnnolGgZk"}`)
					b.ReportAllocs()
					for b.Loop() {
						r := *template
						u := *template.URL
						r.URL = &u
						r.RemoteAddr = "127.0.0.1:1"
						r.Header = http.Header{"User-Agent": {"bench"}, "Content-Type": {"application/json"}}
						if method == http.MethodPost {
							r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
						}
						s.Server.ServeHTTP(sitetest.NewNopWriter(), &r)
					}
				})
			}
		}
	}
}
