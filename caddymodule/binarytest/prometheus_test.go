//go:build binary

package binarytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// watched are two gateways with one store, the sandbox behind them, and a real Prometheus that scrapes them.
type watched struct {
	w          *wechat
	gateways   []*caddy
	sites      []string // their addresses
	prometheus string
	log        *buffer // of Prometheus
	missing    string  // what until waits for, more exactly
}

// watch starts them. Credentials live so many seconds, and the gateways are scraped each so many.
func watch(t *testing.T, life, scrape int) *watched {
	t.Helper()
	needPrograms(t, "prometheus")
	s := &watched{w: runWeChat(t, fmt.Sprint("\texpires_in ", life)), log: new(buffer)}
	h := newHome(t, appSecret)
	ports := freeport.Ports(t, 3)
	var targets strings.Builder
	for i, port := range ports[:2] {
		name := fmt.Sprint("gateway-", i+1)
		c := h.run(t, h.file(t, "Caddyfile-"+name, withComponent(gateway(s.w, port, "wechat_card /openCard open_card {\n\tcard *\n}"))))
		s.gateways = append(s.gateways, c)
		s.sites = append(s.sites, "http://127.0.0.1:"+port)
		fmt.Fprintf(&targets, "      - {targets: [%q], labels: {instance: %s}}\n", c.admin, name)
	}
	rules, err := filepath.Abs(filepath.Join(operations, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	config := h.file(t, "prometheus.yml", fmt.Sprintf("global:\n  scrape_interval: %ds\nrule_files: [%q]\nscrape_configs:\n  - job_name: caddy\n    static_configs:\n%s", scrape, rules, &targets))
	prometheus := exec.Command("prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(h.dir, "tsdb"), "--web.listen-address=127.0.0.1:"+ports[2])
	prometheus.Stdout, prometheus.Stderr = s.log, s.log
	if err := prometheus.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = prometheus.Process.Kill()
		_ = prometheus.Wait()
	})
	s.prometheus = "http://127.0.0.1:" + ports[2]
	s.until(t, "both were scraped", func() bool {
		_, values := s.ask("caddy_wechat_card_credential_expiry_timestamp_seconds > 0")
		return len(values) == 4
	})
	return s
}

// until waits for what Prometheus sees only after its next scrapes.
func (s *watched) until(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !seen(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain until %s: %s\n%s", what, s.missing, s.log)
		}
	}
}

// ask gives the values that Prometheus answers to a query, by their labels, and whether it takes the query at all.
func (s *watched) ask(query string) (taken bool, values map[string]float64) {
	var answer struct {
		Status string
		Data   struct {
			Result []struct {
				Metric map[string]string
				Value  []any
			}
		}
	}
	resp, err := http.PostForm(s.prometheus+"/api/v1/query", url.Values{"query": {query}})
	if err != nil {
		return false, nil
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	values = make(map[string]float64)
	for _, r := range answer.Data.Result {
		if len(r.Value) == 2 {
			values[fmt.Sprint(r.Metric)], _ = strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64) // fmt prints maps sorted
		}
	}
	return answer.Status == "success", values
}

// visit has a user get a coupon of a gateway and open it. Whether that works is for the metrics to tell.
func (s *watched) visit(ctx context.Context, site string) {
	card, err := fetch(ctx, site+"/addCard?card_id=pSandboxCoupon00000000000001")
	if err != nil {
		return
	}
	resp, err := http.Post(s.w.url+"/_sandbox/phone/addCard", "application/json", bytes.NewReader(card))
	if err != nil {
		return
	}
	defer resp.Body.Close()
	var took struct {
		CardList []struct{ Code string }
	}
	if json.NewDecoder(resp.Body).Decode(&took) == nil && len(took.CardList) == 1 {
		_, _ = fetch(ctx, site+"/openCard?card_id=pSandboxCoupon00000000000001&code="+url.QueryEscape(took.CardList[0].Code))
	}
}

// TestPrometheusScrapes has a real Prometheus scrape two gateways and take the alert rules. After some traffic and a fault each panel of
// the dashboard must have something to show, and count what the sandbox counted.
func TestPrometheusScrapes(t *testing.T) {
	t.Parallel()
	s := watch(t, 7200, 1)
	var rules struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health string }
			}
		}
	}
	if err := json.Unmarshal(get(t, s.prometheus+"/api/v1/rules"), &rules); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, group := range rules.Data.Groups {
		for _, rule := range group.Rules {
			if n++; rule.Health == "err" {
				t.Errorf("the rule %s fails", rule.Name)
			}
		}
	}
	if n < 9 {
		t.Errorf("it has %d rules", n)
	}

	panels := make(map[string]string)
	for where, expr := range expressions(t) {
		if strings.HasPrefix(where, "variable ") {
			continue
		}
		expr = strings.NewReplacer(`"$account"`, `".*"`, `"$instance"`, `".*"`, "$__rate_interval", "30s").Replace(expr)
		if taken, _ := s.ask(expr); !taken {
			t.Errorf("%s: Prometheus does not take %s", where, expr)
		}
		if panel, ok := strings.CutPrefix(where, "panel "); ok {
			panels[panel] = expr
		}
	}
	s.visit(t.Context(), s.sites[0])
	fault(t, s.w, `{"path":"/cgi-bin/ticket/getticket","times":1,"errcode":45011}`)
	s.gateways[1].wantTool(t, 1, nil, "refresh", "--credential", "api_ticket")
	fault(t, s.w, `{"path":"/card/code/decrypt","errcode":45011}`)
	s.until(t, "each panel has something to show", func() bool {
		s.visit(t.Context(), s.sites[0])
		s.visit(t.Context(), s.sites[1])
		for panel, expr := range panels {
			zero := strings.HasPrefix(panel, "Third-party platforms") // nobody has authorised this one, and all is well with it
			if _, values := s.ask(expr); len(values) == 0 || slices.Max(slices.Collect(maps.Values(values))) <= 0 && !zero {
				s.missing = panel
				return false
			}
		}
		return true
	})
	s.until(t, "the dashboard counts what the sandbox counted", func() bool {
		calls := s.w.calls(t)
		_, counted := s.ask(panels["Calls of WeChat in an hour, target 0"])
		_, refused := s.ask(panels["Calls that WeChat refused or failed, in an hour, target 0"])
		s.missing = fmt.Sprint(calls, counted, refused)
		for path, api := range map[string]string{"/cgi-bin/stable_token": "stable_token", "/cgi-bin/ticket/getticket": "getticket", "/card/code/decrypt": "decrypt"} {
			if counted[fmt.Sprintf("map[account:default api:%s]", api)] != float64(calls[path]) {
				return false
			}
		}
		return refused["map[account:default api:getticket errcode:45011]"] == 1
	})
	needBrowser(t)
	s.until(t, "it is drawn", func() bool { // a panel may have nothing of a moment when the machine was busy elsewhere
		s.visit(t.Context(), s.sites[0])
		err := s.draw(t, 1, 1, filepath.Join(t.TempDir(), "dashboard.png"))
		s.missing = fmt.Sprint(err)
		return err == nil
	})
}
