package observe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/prometheus/client_golang/prometheus"
)

func TestComponents(t *testing.T) {
	registry := prometheus.NewRegistry()
	err := registry.Register(observe.NewComponents(func() []observe.Component {
		return []observe.Component{
			{Name: "shop", Ticket: time.Unix(1_700_000_000, 0), Authorised: 12, Unsaved: 1, Uncopied: 2, Unreadable: 4, Waiting: 3},
			{Name: "new"},
		}
	}, func() (int, bool) { return 7, true }))
	if err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "caddy_wechat_card_")
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue()
		}
	}
	want := map[string]float64{
		"component_ticket_timestamp_seconds shop": 1_700_000_000, "component_ticket_timestamp_seconds new": 0,
		"component_authorisations shop": 12, "component_authorisations new": 0,
		"component_unsaved_records shop": 1, "component_unsaved_records new": 0,
		"component_uncopied_records shop": 2, "component_uncopied_records new": 0,
		"component_unreadable_records shop": 4, "component_unreadable_records new": 0,
		"component_waiting shop": 3, "component_waiting new": 0,
		"data_accounts": 7,
	}
	for name, value := range want {
		if n, ok := got[name]; !ok || n != value {
			t.Errorf("%s: got %v, %v", name, n, ok)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
}
