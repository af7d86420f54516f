//go:build binary

package binarytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

const operations = "../../docs/operations"

// exported are the gateway's series in the text that a Prometheus reads: the labels of each by metric name.
func exported(text string) map[string][]map[string]string {
	label := regexp.MustCompile(`(\w+)="([^"]*)"`)
	all := make(map[string][]map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^(caddy_wechat_card_\w+)\{([^}]*)\} `).FindAllStringSubmatch(text, -1) {
		labels := make(map[string]string)
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			labels[l[1]] = l[2]
		}
		all[m[1]] = append(all[m[1]], labels)
	}
	return all
}

// expressions are the PromQL of the alert rules and of the dashboard, each with where it stands.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(operations, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	all := make(map[string]string)
	rules := regexp.MustCompile(`(?m)^ +- alert: (\w+)\n +expr: (.+)$`).FindAllStringSubmatch(read("alerts.yml"), -1)
	for _, m := range rules {
		all["alert "+m[1]] = m[2]
	}
	if n := strings.Count(read("alerts.yml"), "alert:"); n == 0 || n != len(rules) {
		t.Errorf("%d of %d alerts could be read", len(rules), n)
	}

	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal([]byte(read("grafana-dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for i, target := range p.Targets {
			all[fmt.Sprintf("panel %s, target %d", p.Title, i)] = target.Expr
		}
	}
	for _, v := range dashboard.Templating.List {
		if v.Definition != "" {
			all["variable "+v.Name] = v.Definition
		}
	}
	return all
}

// withComponent has a gateway keep a component, too, so that there is everything that can be looked at.
func withComponent(config string) string {
	return strings.Replace(config, "\t\taccount {", "\t\tcomponent shop {\n\t\t\tapp_id wx00000000000000c0\n\t\t\tapp_secret {env.APP_SECRET}\n\t\t}\n\t\taccount {", 1)
}

// TestOperationsFilesFitTheMetrics has everything happen that the alert rules and the dashboard look for, and looks with
// their eyes: each metric, label and value in them must be there.
func TestOperationsFilesFitTheMetrics(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", withComponent(gateway(w, port, "wechat_card /openCard open_card {\n\tcard *\n}"))))
	get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pCard")
	for _, fails := range []struct{ fault, credential string }{
		{`{"path":"/cgi-bin/ticket/getticket","times":1,"errcode":45009}`, "api_ticket"},
		{`{"path":"/cgi-bin/stable_token","times":1,"errcode":40164}`, "access_token"},
		{`{"path":"/cgi-bin/stable_token","times":1,"errcode":40125}`, "access_token"},
		{`{"path":"/cgi-bin/stable_token","times":3,"status":500}`, "access_token"},
	} {
		fault(t, w, fails.fault)
		c.wantTool(t, 1, nil, "refresh", "--credential", fails.credential)
	}
	fault(t, w, `{"path":"/card/code/decrypt","times":1,"errcode":45011}`)
	resp, err := http.Get("http://127.0.0.1:" + port + "/openCard?card_id=pCard&code=bm90IGEgY29kZSBvZiB0aGlzIHdvcmxkIGF0IGFsbA==")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s", resp.Status)
	}
	series := exported(string(get(t, "http://"+c.admin+"/metrics")))

	selector := regexp.MustCompile(`(caddy_wechat_card_\w+)(?:\{([^}]*)\})?`)
	matcher := regexp.MustCompile(`(\w+)(=~|!=|=)"([^"]*)"`)
	grouping := regexp.MustCompile(`\bby \(([^)]*)\)`)
	used := make(map[string]bool)
	for where, expr := range expressions(t) {
		known := map[string]bool{"instance": true} // Prometheus adds it
		selectors := selector.FindAllStringSubmatch(expr, -1)
		if len(selectors) == 0 {
			t.Errorf("%s: no metric of ours in %s", where, expr)
		}
		for _, s := range selectors {
			used[s[1]] = true
			if series[s[1]] == nil {
				t.Errorf("%s: there is no metric %s", where, s[1])
				continue
			}
			for name := range series[s[1]][0] {
				known[name] = true
			}
			matchers := matcher.FindAllStringSubmatch(s[2], -1)
			fits := func(labels map[string]string) bool {
				return !slices.ContainsFunc(matchers, func(m []string) bool {
					value := labels[m[1]]
					switch {
					case m[1] == "instance" || strings.Contains(m[3], "$"):
						return false
					case m[2] == "=":
						return value != m[3]
					case m[2] == "!=":
						return value == m[3]
					}
					return !regexp.MustCompile("^(?:" + m[3] + ")$").MatchString(value)
				})
			}
			if !slices.ContainsFunc(series[s[1]], fits) {
				t.Errorf("%s: %s fits none of %v", where, s[0], series[s[1]])
			}
			for _, m := range matchers {
				if !known[m[1]] {
					t.Errorf("%s: %s has no label %s", where, s[1], m[1])
				}
			}
		}
		for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
			for name := range strings.SplitSeq(g[1], ",") {
				if !known[strings.TrimSpace(name)] {
					t.Errorf("%s: there is no label %s", where, name)
				}
			}
		}
	}
	for name := range maps.Keys(series) {
		if !used[name] && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			t.Errorf("neither an alert nor the dashboard uses %s", name)
		}
	}
}
