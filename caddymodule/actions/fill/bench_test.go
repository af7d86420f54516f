package fill_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// fillBenchBody is about 10 KiB of JSON with what is given in its middle.
func fillBenchBody(given string) string {
	var b strings.Builder
	b.WriteString(`{"code":0,"msg":"ok","data":{"list":[`)
	for i := range 62 {
		fmt.Fprintf(&b, `{"id":%d,"name":"商品名称 %d","price":"%d.90","stock":%d,"cover":"https:\/\/cdn.example.com\/goods\/%d.jpg","hot":%t,"tags":["新品","\u5305\u90ae"]},`, i, i, i, i*7, i, i%2 == 0)
		if i == 31 {
			b.WriteString(given + ",")
		}
	}
	b.WriteString(`null]}}`)
	return b.String()
}

// BenchmarkFill measures a site that fills against the same one that does not: alone, where the difference can be read, and
// in front of reverse_proxy.
func BenchmarkFill(b *testing.B) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		typ, body := "application/json", fillBenchBody(`{"cardId":"p1","cardExt":{"outer_str":"shop"}}`)
		switch r.URL.Path {
		case "/nothing":
			body = fillBenchBody(`{"cardId":"p1"}`)
		case "/text":
			typ = "text/html"
		}
		w.Header().Set("Content-Type", typ)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		fmt.Fprint(w, body)
	}))
	defer backend.Close()
	const fill = "wechat_card fill {\ncard p1\n}\n"
	proxy := "reverse_proxy " + backend.Listener.Addr().String()

	for _, tc := range []struct{ name, body, typ string }{
		{"card", fillBenchBody(`{"cardId":"p1","cardExt":{"outer_str":"shop"}}`), "application/json"},
		{"nothing", fillBenchBody(`{"cardId":"p1"}`), "application/json"},
		{"text", fillBenchBody(`{"cardId":"p1"}`), "text/html"},
	} {
		inside := "header Content-Type " + tc.typ + "\nrespond `" + strings.ReplaceAll(strings.ReplaceAll(tc.body, "{", "\\{"), "}", "\\}") + "`\n"
		for _, site := range []struct{ name, directives string }{
			{"respond", "route {\n" + inside + "}"},
			{"fill, respond", "route {\n" + fill + inside + "}"},
			{"reverse_proxy", proxy},
			{"fill, reverse_proxy", fill + proxy},
		} {
			s := sitetest.New(b, site.directives)
			b.Run(tc.name+"/"+site.name, func(b *testing.B) { sitetest.Benchmark(b, s, "/"+tc.name) })
		}
	}
}
