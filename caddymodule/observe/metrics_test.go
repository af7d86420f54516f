package observe_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/prometheus/client_golang/prometheus"
)

func TestErrcodesAreBounded(t *testing.T) {
	const limit = 200
	c := observe.NewCollectors()
	call := func(code int) { c.Called("shop", "decrypt", &wechat.Error{Code: code}, time.Second) }
	for i := range limit {
		call(100_000 + i)
	}
	call(99)
	call(98)
	call(100_001)

	registry := prometheus.NewRegistry()
	if err := c.Register(registry); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, family := range families {
		if family.GetName() != "caddy_wechat_card_api_requests_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "errcode" {
					got[label.GetValue()] = metric.GetCounter().GetValue()
				}
			}
		}
	}
	want := map[string]float64{"other": 2}
	for i := range limit {
		want[fmt.Sprint(100_000+i)] = 1
	}
	want["100001"] = 2
	if len(got) != len(want) {
		t.Errorf("got %d errcodes, want %d", len(got), len(want))
	}
	for code, n := range want {
		if got[code] != n {
			t.Errorf("errcode %s: got %v, want %v", code, got[code], n)
		}
	}
}
