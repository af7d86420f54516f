package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	_ "github.com/caddyserver/caddy/v2/modules/caddyevents/eventsconfig"
)

// runCaddy runs a configuration with these accounts and directives, as the one that is active.
func runCaddy(t *testing.T, api, accounts, directives string) (site string) {
	t.Helper()
	t.Setenv("TEST_APP_SECRET", testSecret)
	address := freeAddress(t)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(fmt.Appendf(nil, `{
	admin off
	persist_config off
	storage file_system %s
	log {
		output discard
	}
	events {
		on %s recorder
		on %s recorder
		on %s recorder
	}
	wechat_card {
		api %s
		store off
		%s
	}
}
http://%s {
	bind 127.0.0.1
	%s
}`, t.TempDir(), eventRenewed, eventFailed, eventPushed, api, accounts, address, directives), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + address
}

// testAccount is an account of a configuration.
func testAccount(name, appID string) string {
	return "account " + name + " {\napp_id " + appID + "\napp_secret {env.TEST_APP_SECRET}\n}\n"
}

func newTestAPI(t *testing.T) (*sandbox.Sandbox, string) {
	t.Helper()
	s := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(s)
	t.Cleanup(api.Close)
	return s, api.URL
}

func getURL(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	_ = resp.Body.Close()
	return resp.StatusCode
}

// admin calls an endpoint of the admin API.
func admin(t *testing.T, path, method, body string, into any) int {
	t.Helper()
	routes := AdminAPI{}.Routes()
	i := slices.IndexFunc(routes, func(route caddy.AdminRoute) bool { return route.Pattern == path })
	if i < 0 {
		t.Fatalf("there is no %s", path)
	}
	w := httptest.NewRecorder()
	err := routes[i].Handler.ServeHTTP(w, httptest.NewRequest(method, "/", strings.NewReader(body)))
	if apiErr, ok := errors.AsType[caddy.APIError](err); ok {
		return apiErr.HTTPStatus
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code
}

// recorder is an event handler that remembers what it is told.
type recorder struct{}

var recorded struct {
	mu     sync.Mutex
	events []map[string]any
}

func init() { caddy.RegisterModule(recorder{}) }

func (recorder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.recorder", New: func() caddy.Module { return new(recorder) }}
}

func (recorder) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

func (recorder) Handle(_ context.Context, e caddy.Event) error {
	recorded.mu.Lock()
	defer recorded.mu.Unlock()
	recorded.events = append(recorded.events, map[string]any{"name": e.Name(), "data": e.Data})
	return nil
}

// wantEvent waits for an event whose text holds all of want.
func wantEvent(t *testing.T, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		recorded.mu.Lock()
		all := fmt.Sprint(recorded.events)
		for _, e := range recorded.events {
			text, found := fmt.Sprint(e), true
			for _, part := range want {
				found = found && strings.Contains(text, part)
			}
			if found {
				recorded.mu.Unlock()
				return
			}
		}
		recorded.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("no event with %q among %s", want, all)
		}
	}
}

func TestAdminStatusAndRefresh(t *testing.T) {
	standIn, api := newTestAPI(t)
	site := runCaddy(t, api, testAccount("shop", "wx00000000000000a1")+testAccount("idle", "wx00000000000000a2"),
		"wechat_card add_card {\naccount shop\ncard *\n}")
	if code := getURL(t, site+"/?card_id=p1"); code != http.StatusOK {
		t.Fatalf("got %d", code)
	}

	var status statusAnswer
	if code := admin(t, statusPath, http.MethodGet, "", &status); code != http.StatusOK {
		t.Fatalf("got %d", code)
	}
	ticket := status.Accounts["shop"].Credentials[credential.APITicket]
	if status.Accounts["shop"].AppID != "wx00000000000000a1" || ticket.State != credential.Fresh || !ticket.Needed || ticket.Failing ||
		ticket.Source != credential.FromWeChat || ticket.Fetched != 1 || time.Until(ticket.Expires) < time.Hour || ticket.LastError != nil {
		t.Errorf("got %+v", ticket)
	}
	if idle := status.Accounts["idle"].Credentials[credential.APITicket]; idle.State != credential.None || idle.Needed || !idle.Expires.IsZero() {
		t.Errorf("got %+v", idle)
	}
	if worst(status) != markFine {
		t.Error("all is well, but that is not seen")
	}

	var refreshed refreshAnswer
	if code := admin(t, refreshPath, http.MethodPost, "", &refreshed); code != http.StatusOK || refreshed.Error != "" ||
		!refreshed.Accounts["shop"][credential.AccessToken].Refreshed || !refreshed.Accounts["shop"][credential.APITicket].Refreshed ||
		len(refreshed.Accounts["idle"]) != 0 {
		t.Errorf("got %d %+v", code, refreshed)
	}
	if n := standIn.Calls()["/cgi-bin/ticket/getticket"]; n != 2 {
		t.Errorf("%d tickets were fetched", n)
	}

	fail(t, standIn, sandbox.Fault{Path: "/cgi-bin/ticket/getticket", ErrCode: 40164, ErrMsg: "invalid ip 203.0.113.7, not in whitelist"})
	refreshed = refreshAnswer{}
	code := admin(t, refreshPath, http.MethodPost, `{"account":"shop","credential":"api_ticket"}`, &refreshed)
	one := refreshed.Accounts["shop"][credential.APITicket]
	if code != http.StatusBadGateway || one.Refreshed || one.Error.ErrCode != 40164 || !strings.Contains(one.Error.Hint, "203.0.113.7") ||
		!strings.Contains(refreshed.Error, "account shop, api_ticket: errcode 40164") || one.NextAttempt.IsZero() {
		t.Errorf("got %d %+v", code, refreshed)
	}
	status = statusAnswer{}
	admin(t, statusPath, http.MethodGet, "", &status)
	ticket = status.Accounts["shop"].Credentials[credential.APITicket]
	if !ticket.Failing || ticket.LastError == nil || ticket.LastError.ErrCode != 40164 || ticket.State != credential.Fresh || ticket.Failed != 1 ||
		strings.Join(status.Accounts["shop"].RefusedIPs, " ") != "203.0.113.7" || worst(status) != markWarn {
		t.Errorf("got %+v", status.Accounts["shop"])
	}

	for _, tc := range []struct {
		path, method, body string
		want               int
	}{
		{statusPath, http.MethodPost, "", 405},
		{refreshPath, http.MethodGet, "", 405},
		{refreshPath, http.MethodPost, "{", 400},
		{refreshPath, http.MethodPost, "{}{}", 400},
		{refreshPath, http.MethodPost, `{"forced":true}`, 400},
		{refreshPath, http.MethodPost, `{"credential":"session_key"}`, 400},
		{refreshPath, http.MethodPost, `{"account":"nobody"}`, 404},
	} {
		if got := admin(t, tc.path, tc.method, tc.body, nil); got != tc.want {
			t.Errorf("%s %s: got %d, want %d", tc.method, tc.body, got, tc.want)
		}
	}
}

func TestAdminWithoutTheApp(t *testing.T) {
	if err := caddy.Load([]byte(`{"admin":{"disabled":true,"config":{"persist":false}},"logging":{"logs":{"default":{"writer":{"output":"discard"}}}}}`), true); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = caddy.Stop() }()
	if got := admin(t, statusPath, http.MethodGet, "", nil); got != http.StatusNotFound {
		t.Errorf("got %d", got)
	}
	if got := admin(t, refreshPath, http.MethodPost, "", nil); got != http.StatusNotFound {
		t.Errorf("got %d", got)
	}
}

func fail(t *testing.T, s *sandbox.Sandbox, f sandbox.Fault) {
	t.Helper()
	if err := s.Fail(f); err != nil {
		t.Fatal(err)
	}
}

// gathered are the metrics of the active configuration.
func gathered(t *testing.T) map[string]float64 {
	t.Helper()
	ctx := caddy.ActiveContext()
	return gather(t, ctx.GetMetricsRegistry())
}

// gatheredBy are the metrics of collectors, whatever configuration runs.
func gatheredBy(t *testing.T, c *collectors) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := c.register(registry); err != nil {
		t.Fatal(err)
	}
	return gather(t, registry)
}

// gather gives metrics by name and labels. A histogram is its count.
func gather(t *testing.T, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			key := strings.TrimPrefix(f.GetName(), "caddy_wechat_card_") + "{" + strings.Join(labels, ",") + "}"
			switch {
			case m.GetCounter() != nil:
				all[key] = m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				all[key] = m.GetGauge().GetValue()
			case m.GetHistogram() != nil:
				all[key] = float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return all
}

func TestMetricsAndEvents(t *testing.T) {
	standIn, api := newTestAPI(t)
	accounts := testAccount("till", "wx00000000000000b1") + testAccount("gone", "wx00000000000000b2")
	directives := "wechat_card /add add_card {\naccount till\ncard p1\n}\nwechat_card /old inject {\naccount gone\nheader X-T access_token\n}\nrespond /old hi"
	before := gatheredBy(t, metrics())
	site := runCaddy(t, api, accounts, directives)
	getURL(t, site+"/add")
	getURL(t, site+"/add")
	getURL(t, site+"/add?card_id=p2")
	getURL(t, site+"/old")
	want := map[string]float64{
		"answers_total{account=till,action=add_card,reason=ok}":                         2,
		"answers_total{account=till,action=add_card,reason=card_not_allowed}":           1,
		"answers_total{account=gone,action=inject,reason=ok}":                           1,
		"api_requests_total{account=till,api=stable_token,errcode=0}":                   1,
		"api_requests_total{account=till,api=getticket,errcode=0}":                      1,
		"api_request_duration_seconds{account=till,api=getticket}":                      1,
		"credential_renewals_total{account=till,credential=api_ticket,result=wechat}":   1,
		"credential_renewals_total{account=gone,credential=access_token,result=wechat}": 1,
		"credential_renewals_total{account=till,credential=api_ticket,result=failed}":   0,
		"credential_expiry_timestamp_seconds{account=gone,credential=api_ticket}":       0, // there is none such
	}
	got := gathered(t)
	for key, value := range want {
		if got[key]-before[key] != value {
			t.Errorf("%s: got %v, want %v more", key, got[key]-before[key], value)
		}
	}
	for _, key := range []string{
		"credential_expiry_timestamp_seconds{account=till,credential=api_ticket}",
		"credential_expiry_timestamp_seconds{account=till,credential=access_token}",
		"credential_expiry_timestamp_seconds{account=gone,credential=access_token}",
	} {
		if left := got[key] - float64(time.Now().Unix()); left < 7000 || left > 7300 {
			t.Errorf("%s: %v s left", key, left)
		}
	}
	wantEvent(t, eventRenewed, "account:till", "credential:api_ticket", "source:wechat", "expires:20")

	fail(t, standIn, sandbox.Fault{Path: "/cgi-bin/ticket/getticket", ErrCode: 45009, ErrMsg: "reach max api daily quota limit"})
	var refreshed refreshAnswer
	admin(t, refreshPath, http.MethodPost, `{"account":"till","credential":"api_ticket"}`, &refreshed)
	wantEvent(t, eventFailed, "account:till", "credential:api_ticket", "errcode:45009", "hint:the day's quota", "next_attempt:20")

	// Another configuration goes on counting, and forgets the account that is gone.
	site = runCaddy(t, api, testAccount("till", "wx00000000000000b1"), "wechat_card add_card {\naccount till\ncard p1\n}")
	getURL(t, site)
	got = gathered(t)
	for key, value := range before {
		got[key] -= value
	}
	if got["answers_total{account=till,action=add_card,reason=ok}"] != 3 ||
		got["credential_renewals_total{account=till,credential=api_ticket,result=failed}"] != 1 ||
		got["api_requests_total{account=till,api=getticket,errcode=45009}"] != 1 {
		t.Errorf("got %v", got)
	}
	if _, there := got["credential_expiry_timestamp_seconds{account=gone,credential=access_token}"]; there {
		t.Error("an account that is no longer configured has an expiry")
	}
	if got["credential_expiry_timestamp_seconds{account=till,credential=api_ticket}"] == 0 {
		t.Error("a reload lost the expiry")
	}
}

func TestErrcodesAreBounded(t *testing.T) {
	c := metrics()
	c.mu.Lock()
	before := c.errcodes
	c.errcodes = make(map[string]struct{})
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.errcodes = before
		c.mu.Unlock()
	}()
	for i := range maxErrcodes {
		if got := c.errcode(&wechat.Error{Code: 100_000 + i}); got != fmt.Sprint(100_000+i) {
			t.Fatalf("got %q", got)
		}
	}
	if got := c.errcode(&wechat.Error{Code: 99}); got != errcodeOther {
		t.Errorf("got %q", got)
	}
	if got := c.errcode(&wechat.Error{Code: 100_001}); got != "100001" {
		t.Errorf("got %q", got)
	}
}

// A slow handler of events holds up nobody.
// waiting tells how many events are not handed over yet.
func (e *emitter) waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue)
}

func TestEmitterDoesNotBlock(t *testing.T) {
	_, api := newTestAPI(t)
	runCaddy(t, api, testAccount("x", "wx00000000000000c1"), "")
	ctx := caddy.ActiveContext()
	mod, err := ctx.App("events")
	if err != nil {
		t.Fatal(err)
	}
	e := newEmitter(ctx, nil, mod.(*caddyevents.App))
	recorded.mu.Lock() // the handler waits
	for i := range 2 * maxQueuedEvents {
		e.emit(eventRenewed, func() map[string]any { return map[string]any{"n": i} })
	}
	waiting := e.waiting()
	recorded.mu.Unlock()
	if waiting != maxQueuedEvents {
		t.Errorf("%d events wait", waiting)
	}
	wantEvent(t, "n:0")
	wantEvent(t, fmt.Sprintf("n:%d]", maxQueuedEvents-1))
}

var _ caddyevents.Handler = recorder{}
