package caddymodule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func BenchmarkAnswers(b *testing.B) {
	for _, tc := range []struct{ name, directive, target string }{
		{"add_card", "add_card {\ncard p1\n}", "/"},
		{"add_card_outer_str", "add_card {\ncard p1\n}", "/?card_id=p1&outer_str=shop"},
		{"add_card_escaped", "add_card {\ncard p1\n}", "/?card_id=p1&outer_str=%E4%B8%AD"},
		{"add_card_placeholder", "add_card {\ncard p1 {\nouter_str shop-{query.shop}\n}\n}", "/?shop=7"},
		{"add_card_five", "add_card {\ncard *\n}", "/?card_id=p1,p2,p3,p4,p5"},
		{"open_card", "open_card {\ncard *\n}", "/?card_id=p1&code=123456"},
		{"member_card_component", "member_card_component {\ncard p1\n}", "/?outer_str=shop"},
	} {
		s := sitetest.New(b, "wechat_card "+tc.directive)
		body := s.Get(tc.target).Body.String()
		b.Run(tc.name+"/action", func(b *testing.B) { sitetest.Benchmark(b, s, tc.target) })
		body = strings.NewReplacer("`", "", "{", "(", "}", ")").Replace(body) // no placeholders
		s = sitetest.New(b, "respond `"+body+"`")
		b.Run(tc.name+"/respond", func(b *testing.B) { sitetest.Benchmark(b, s, tc.target) })
	}
}

func BenchmarkUnclaimed(b *testing.B) {
	directives := func(n int, line string) string {
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, line, i)
		}
		return all.String() + "respond ok\n"
	}
	for _, n := range []int{0, 1, 5} {
		for _, tc := range []struct{ name, line string }{
			{"wechat_card", "wechat_card /card%d add_card {\ncard p1\n}\n"},
			{"vars", "vars /card%d x y\n"},
		} {
			s := sitetest.New(b, directives(n, tc.line))
			b.Run(fmt.Sprintf("%s-%d", tc.name, n), func(b *testing.B) { sitetest.Benchmark(b, s, "/other") })
		}
	}
}
