package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// panels gives the queries of each panel of the dashboard by its title, for all accounts and instances.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "docs/operations/grafana-dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$account", ".*", "$instance", ".*", "$__rate_interval", "4m")
	found := make(map[string][]string)
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			found[panel.Title] = append(found[panel.Title], variables.Replace(target.Expr))
		}
	}
	return found
}

// TestDashboard has promtool say what the panels show where it is easy to show nothing, or too much: of what happened once, of what
// did not happen, and around times in which nothing was scraped.
func TestDashboard(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI_TOOLS") != "" {
			t.Fatal("promtool is missing: it is in Debian's package prometheus")
		}
		t.Skip("promtool is not installed")
	}
	type object map[string]any
	series := func(name, values string) object {
		return object{"series": "caddy_wechat_card_" + name, "values": values}
	}
	const (
		renewals = `credential_renewals_total{instance="a",account="shop",credential="api_ticket",result="wechat"}`
		calls    = `api_requests_total{instance="a",account="shop",api="getticket",errcode="0"}`
		refused  = `api_requests_total{instance="a",account="shop",api="getticket",errcode="45009"}`
		answers  = `answers_total{instance="a",account="shop",action="open_card",reason="ok"}`
		busy     = `answers_total{instance="a",account="shop",action="open_card",reason="busy"}`
		fast     = `api_request_duration_seconds_bucket{instance="a",account="shop",api="getticket",le="1"}`
		slow     = `api_request_duration_seconds_bucket{instance="a",account="shop",api="getticket",le="+Inf"}`

		renewed   = `{account="shop",credential="api_ticket",result="wechat"}`
		call      = `{account="shop",api="getticket"}`
		errcode   = `{account="shop",api="getticket",errcode="45009"}`
		openCard  = `{account="shop",action="open_card"}`
		getticket = `{api="getticket"}`
	)
	type want struct {
		at, labels string // without labels: nothing is shown
		value      any
	}
	queries := panels(t)
	var tests []object
	for _, tc := range []struct {
		panel  string
		series []object
		wants  []want
	}{
		// a process that was scraped for the first time after its first renewal, and renews after 115 minutes
		{"Renewals in an hour", []object{series(renewals, "_x9 1x114 2x200")}, []want{{"8m", "", 0}, {"10m", renewed, 1}, {"60m", renewed, 1}, {"80m", renewed, 0}, {"200m", renewed, 0}}},
		{"Calls of WeChat in an hour", []object{series(calls, "_x9 3x300")}, []want{{"10m", call, 3}, {"60m", call, 3}, {"80m", call, 0}}},
		// nothing was scraped for a quarter of an hour
		{"Calls of WeChat in an hour", []object{series(calls, "7x99 _x14 7x300")}, []want{{"120m", call, 0}, {"165m", call, 0}, {"172m", call, 0}, {"200m", call, 0}}},
		// one call in a month is refused, and then one more
		{"Calls that WeChat refused or failed, in an hour", []object{series(calls, "0+1x400"), series(refused, "_x120 1x300")}, []want{{"119m", "", 0}, {"121m", errcode, 1}, {"179m", errcode, 1}, {"182m", "", 0}}},
		{"Calls that WeChat refused or failed, in an hour", []object{series(refused, "5x400")}, []want{{"100m", "", 0}}},
		// nobody is answered 503, then one in four is, and then nobody asks
		{"Share of 503 answers", []object{series(answers, "0+40x30")}, []want{{"20m", openCard, 0}}},
		{"Share of 503 answers", []object{series(answers, "0+30x60 1800x60"), series(busy, "0+10x60 600x60")}, []want{{"20m", openCard, 0.25}}},
		// one call in two hours, of which the first belongs to a series that is new
		{"How long WeChat takes", []object{series(fast, "_x9 1x114 2x200"), series(slow, "_x9 1x114 2x200")}, []want{{"12m", getticket, 0.5}, {"130m", getticket, 0.5}}},
	} {
		if len(queries[tc.panel]) == 0 {
			t.Fatalf("there is no panel %q", tc.panel)
		}
		var expects []object
		for _, w := range tc.wants {
			samples := []object{}
			if w.labels != "" {
				samples = append(samples, object{"labels": w.labels, "value": w.value})
			}
			expects = append(expects, object{"expr": queries[tc.panel][0], "eval_time": w.at, "exp_samples": samples})
		}
		tests = append(tests, object{"name": tc.panel, "interval": "1m", "input_series": tc.series, "promql_expr_test": expects})
	}
	raw, err := json.Marshal(object{"tests": tests}) // which is YAML, too
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.yml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "test", "rules", path).CombinedOutput(); err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
}
