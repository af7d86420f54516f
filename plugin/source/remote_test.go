package source

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// owner is somebody who hands out credentials.
func owner(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return srv.URL
}

func remote(t testing.TB, cfg RemoteConfig) *Remote {
	t.Helper()
	r, err := NewRemote(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestRemoteRequest(t *testing.T) {
	var got *http.Request
	url := owner(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, `{"access_token":"T","ticket":"K","expires_in":600}`)
	})
	token := RemoteConfig{URL: url + "/a%2Fb?k=%2b&x=&&y", Header: map[string]string{"X-Key": "v", "host": "owner.example"}}
	tickets := RemoteConfig{URL: strings.Replace(url, "http://", "http://user:p%40ss@", 1), Tickets: true}
	for _, tc := range []struct {
		name     string
		cfg      RemoteConfig
		kind     credential.Kind
		rejected string
		uri      string
		value    string
	}{
		{"token", token, credential.AccessToken, "", "/a%2Fb?k=%2b&x=&&y", "T"},
		{"rejected token", token, credential.AccessToken, "a&b+c", "/a%2Fb?k=%2b&x=&&y&rejected_token=a%26b%2Bc", "T"},
		{"api_ticket", tickets, credential.APITicket, "", "/?type=wx_card", "K"},
		{"jsapi_ticket", tickets, credential.JSAPITicket, "", "/?type=jsapi", "K"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, err := remote(t, tc.cfg).Fetch(t.Context(), tc.kind, tc.rejected)
			if err != nil || g.Value != tc.value || g.Lifetime != 10*time.Minute || time.Since(g.Requested) > time.Minute {
				t.Fatalf("got %+v, %v", g, err)
			}
			if got.Method != http.MethodGet || got.RequestURI != tc.uri {
				t.Errorf("got %s %s", got.Method, got.RequestURI)
			}
			user, password, _ := got.BasicAuth()
			if tc.cfg.Tickets && (user != "user" || password != "p@ss") {
				t.Errorf("got user %q, password %q", user, password)
			}
			if !tc.cfg.Tickets && (got.Header.Get("X-Key") != "v" || got.Host != "owner.example") {
				t.Errorf("got %v for %s", got.Header, got.Host)
			}
		})
	}
}

func TestRemoteAnswers(t *testing.T) {
	var status int
	var body string
	url := owner(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	for _, tc := range []struct {
		name, field, expires string
		status               int
		body                 string
		life                 time.Duration // 0: an error
		mention              string
	}{
		{"as WeChat's", "", "", 200, `{"access_token":"TOKEN-0","expires_in":7200}`, 2 * time.Hour, ""},
		{"errcode 0", "", "", 200, `{"errcode":0,"errmsg":"ok","access_token":"TOKEN-0","expires_in":7200}`, 2 * time.Hour, ""},
		{"seconds as text", "", "", 200, `{"access_token":"TOKEN-0","expires_in":"345"}`, 345 * time.Second, ""},
		{"fractions", "", "", 200, `{"access_token":"TOKEN-0","expires_in":345.9}`, 345 * time.Second, ""},
		{"no life", "", "", 200, `{"access_token":"TOKEN-0"}`, 5 * time.Minute, ""},
		{"life null", "", "", 200, `{"access_token":"TOKEN-0","expires_in":null}`, 5 * time.Minute, ""},
		{"nested", "data.token", "data.ttl", 200, `{"code":0,"data":{"token":"TOKEN-0","ttl":60}}`, time.Minute, ""},
		{"nested in nothing", "data.token", "", 200, `{"code":7,"data":null}`, 0, "no data.token"},
		{"nested in text", "data.token", "", 200, `{"data":"TOKEN-0"}`, 0, "data.token"},
		{"missing", "", "", 200, `{"token":"TOKEN-0"}`, 0, "no access_token"},
		{"letter case", "", "", 200, `{"Access_Token":"TOKEN-0"}`, 0, "no access_token"},
		{"no text", "", "", 200, `{"access_token":["TOKEN-0"]}`, 0, "not a string"},
		{"empty", "", "", 200, `{"access_token":""}`, 0, "no usable value"},
		{"two lines", "", "", 200, `{"access_token":"TOKEN-0\nX: y"}`, 0, "no usable value"},
		{"ended", "", "", 200, `{"access_token":"TOKEN-0","expires_in":0}`, 0, "ended"},
		{"a moment of the past", "", "", 200, `{"access_token":"TOKEN-0","expires_in":1495200000}`, 0, "ended"},
		{"milliseconds of the past", "", "", 200, `{"access_token":"TOKEN-0","expires_in":"1495200000000"}`, 0, "ended"},
		{"far future", "", "", 200, `{"access_token":"TOKEN-0","expires_in":4102444800}`, 0, "seconds"},
		{"neither left nor a moment", "", "", 200, `{"access_token":"TOKEN-0","expires_in":400000000}`, 0, "no number"},
		{"negative", "", "", 200, `{"access_token":"TOKEN-0","expires_in":-5}`, 0, "ended"},
		{"moment", "", "at", 200, `{"access_token":"TOKEN-0","at":` + moment(time.Now().Add(time.Hour).Unix()) + `}`, time.Hour, ""},
		{"moment as text", "", "at", 200, `{"access_token":"TOKEN-0","at":"` + moment(time.Now().Add(time.Hour).Unix()) + `"}`, time.Hour, ""},
		{"moment in milliseconds", "", "d.at", 200, `{"access_token":"TOKEN-0","d":{"at":` + moment(time.Now().Add(time.Hour).UnixMilli()) + `}}`, time.Hour, ""},
		{"moment in words", "", "at", 200, `{"access_token":"TOKEN-0","at":"` + time.Now().Add(time.Hour).Format(time.RFC3339) + `"}`, time.Hour, ""},
		{"BOM", "", "", 200, "\uFEFF" + `{"access_token":"TOKEN-0","expires_in":7200}`, 2 * time.Hour, ""},
		{"two BOMs and lines", "", "", 200, strings.Repeat("\uFEFF\r\n", 2) + `{"access_token":"TOKEN-0","expires_in":7200}` + "\n", 2 * time.Hour, ""},
		{"bare", "", "", 200, "TOKEN-0", 5 * time.Minute, ""},
		{"bare line", "a.b.c", "", 200, "\uFEFFTOKEN-0\r\n", 5 * time.Minute, ""},
		{"bare, in quotes", "", "", 200, `"TOKEN-0"`, 5 * time.Minute, ""},
		{"BOM alone", "", "", 200, "\uFEFF", 0, "JSON"},
		{"a sentence", "", "", 200, "no TOKEN-0 here", 0, "JSON"},
		{"error in words", "", "", 200, "error:TOKEN-0", 0, "JSON"},
		{"nonsense life", "", "", 200, `{"access_token":"TOKEN-0","expires_in":"soon"}`, 0, "no number"},
		{"not a number", "", "", 200, `{"access_token":"TOKEN-0","expires_in":"NaN"}`, 0, "no number"},
		{"infinite", "", "", 200, `{"access_token":"TOKEN-0","expires_in":"Inf"}`, 0, "no number"},
		{"errcode", "", "", 200, `{"errcode":40001,"errmsg":"hidden-key is wrong","access_token":"TOKEN-0"}`, 0, "errcode 40001: *** is wrong"},
		{"HTML", "", "", 200, `<html>TOKEN-0</html>`, 0, "JSON"},
		{"list", "", "", 200, `[{"access_token":"TOKEN-0"}]`, 0, "JSON"},
		{"nothing", "", "", 200, ``, 0, "JSON"},
		{"oversized", "", "", 200, `{"access_token":"TOKEN-0","x":"` + strings.Repeat("x", 1<<20) + `"}`, 0, "longer"},
		{"401", "", "", 401, `{"access_token":"TOKEN-0"}`, 0, "401"},
		{"500", "", "", 500, `{"access_token":"TOKEN-0"}`, 0, "500"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, body = tc.status, tc.body
			calls, observed := 0, error(nil)
			r := remote(t, RemoteConfig{
				URL: url + "/hidden-path?k=hidden-query", Field: tc.field, ExpiresField: tc.expires,
				Header:  map[string]string{"Authorization": "Bearer hidden-key"},
				Observe: func(api string, err error, _ time.Duration) { calls, observed = calls+1, err },
			})
			g, err := r.Fetch(t.Context(), credential.AccessToken, "hidden-token")
			if calls != 1 || !errors.Is(observed, err) {
				t.Errorf("%d calls were told of, with error %v", calls, observed)
			}
			if tc.life > 0 {
				// A moment is rounded, and time passes.
				if err != nil || g.Value != "TOKEN-0" || g.Lifetime > tc.life || g.Lifetime < tc.life-5*time.Second || !strings.Contains(tc.name, "moment") && g.Lifetime != tc.life {
					t.Errorf("got %+v, %v", g, err)
				}
				return
			}
			e, ok := errors.AsType[*wechat.Error](err)
			if !ok || e.API != RemoteToken || e.Code != 0 || e.Reaction() != wechat.Transient || e.AccountWide() {
				t.Fatalf("got %+v, %v", g, err)
			}
			if !strings.Contains(err.Error(), tc.mention) {
				t.Errorf("%q does not mention %q", err, tc.mention)
			}
			if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "TOKEN-0") {
				t.Errorf("%q holds a secret", err)
			}
		})
	}
}

func moment(n int64) string { return strconv.FormatInt(n, 10) }

// TestRemoteBare takes a credential that comes by itself for what it is, by its Content-Type or its looks.
func TestRemoteBare(t *testing.T) {
	long := strings.Repeat("Token_0-", 16)
	var kind, body string
	url := owner(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{kind}
		if kind == "" {
			w.Header()["Content-Type"] = nil
		}
		_, _ = w.Write([]byte(body))
	})
	for _, tc := range []struct {
		kind, body string
		taken      bool
	}{
		{"text/plain", "T0", true},
		{"Text/Plain; charset=UTF-8", long, true},
		{"text/html; charset=UTF-8", long + "\n", true}, // PHP calls it so
		{"", long, true},
		{"application/json", long, true},
		{"application/json", `"` + long + `"`, true},
		{"text/html", "T0", false},
		{"text/html", "Unauthorized", false},
		{"", "T0", false},
		{"text/html", long + ".", false},
		{"text/html", "<p>" + long, false},
		{"text/plain", "<p>" + long, false},
		{"text/plain", long + " " + long, false},
		{"text/plain", `""`, false},
	} {
		kind, body = tc.kind, tc.body
		for _, tickets := range []bool{false, true} {
			g, err := remote(t, RemoteConfig{URL: url, Tickets: tickets}).Fetch(t.Context(), credential.AccessToken, "")
			if want := strings.Trim(tc.body, "\n\""); tc.taken != (err == nil) || tc.taken && g.Value != want {
				t.Errorf("%s %.20q: got %+v, %v", tc.kind, tc.body, g, err)
			}
		}
	}
}

// TestRemoteRedirect lets an owner lead elsewhere: the header must not go there.
func TestRemoteRedirect(t *testing.T) {
	var strangers atomic.Int32
	elsewhere := owner(t, func(w http.ResponseWriter, _ *http.Request) {
		strangers.Add(1)
		fmt.Fprint(w, `{"access_token":"T","expires_in":60}`)
	})
	url := owner(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, http.StatusFound) })
	_, err := remote(t, RemoteConfig{URL: url}).Fetch(t.Context(), credential.AccessToken, "")
	if err == nil || !strings.Contains(err.Error(), "302") || strangers.Load() != 0 {
		t.Errorf("got %v, and %d calls elsewhere", err, strangers.Load())
	}
}

func TestRemoteAway(t *testing.T) {
	r := remote(t, RemoteConfig{URL: "http://127.0.0.1:1/hidden?hidden", Header: map[string]string{"X": "hidden"}, Timeout: time.Second})
	_, err := r.Fetch(t.Context(), credential.AccessToken, "hidden")
	if err == nil || strings.Contains(err.Error(), "hidden") || wechat.Outcome(err) != "network" {
		t.Errorf("got %v: %s", err, wechat.Outcome(err))
	}
	slow := owner(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	r = remote(t, RemoteConfig{URL: slow, Timeout: 50 * time.Millisecond})
	if _, err = r.Fetch(t.Context(), credential.AccessToken, ""); wechat.Outcome(err) != "timeout" {
		t.Errorf("got %v", err)
	}
}

func TestRemoteConfig(t *testing.T) {
	for _, cfg := range []RemoteConfig{
		{URL: ""},
		{URL: "secret.example/token"},
		{URL: "ftp://secret.example/"},
		{URL: "http://secret.example/#part"},
		{URL: "http://secret.example/%zz"},
		{URL: "http://secret.example/?type=wx_card", Tickets: true},
		{URL: "http://secret.example/", Field: "a..b"},
		{URL: "http://secret.example/", ExpiresField: ".b"},
		{URL: "http://secret.example/", Header: map[string]string{"": "secret"}},
		{URL: "http://secret.example/", Header: map[string]string{"A B": "secret"}},
		{URL: "http://secret.example/", Header: map[string]string{"A": "secret\nB: c"}},
	} {
		if r, err := NewRemote(cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: got %v, %v", cfg, r, err)
		}
	}
}

// TestIDs checks that sources are told apart when and only when they may give different credentials.
func TestIDs(t *testing.T) {
	seen := make(map[string]RemoteConfig)
	for _, cfg := range []RemoteConfig{
		{URL: "http://a/"}, {URL: "http://b/"}, {URL: "http://a/?1"}, {URL: "http://a/", Field: "x"}, {URL: "http://a/", Tickets: true},
	} {
		id := remote(t, cfg).ID()
		if other, ok := seen[id]; ok || len(id) != 32 {
			t.Errorf("%+v and %+v both have %s", cfg, other, id)
		}
		seen[id] = cfg
	}
	same := RemoteConfig{URL: "http://a/", Field: "access_token", ExpiresField: "ttl", Header: map[string]string{"K": "v"}}
	if _, ok := seen[remote(t, same).ID()]; !ok {
		t.Error("a header makes another source of it")
	}
}
