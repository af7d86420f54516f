package trigger

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// TestSearch finds the route of a message_push by what was matched on the way to it.
func TestSearch(t *testing.T) {
	for config, want := range map[string]string{
		`[{"match":[{"path":["/wechat/push"]}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                                                                               " /wechat/push ",
		`[{"match":[{"host":["shop.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"path":["/push*"]}],"handle":[{"handler":"wechat_card","account":"default","action":{"name":"message_push","component_app_id":"wx1"}}]}]}]}]`: "shop.example.com /push wx1",
		`[{"handle":[{"handler":"wechat_card","account":"other","action":{"name":"message_push"}},{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                                      " / ",
		`[{"handle":[{"handler":"wechat_card","action":{"name":"add_card"}}]}]`:                                                                                                                                                                       "",
		`[]`: "",
		`[{"match":[{"path":["/wechat/*"]}],"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"rewrite","strip_path_prefix":"/wechat"}]},` +
			`{"match":[{"path":["/push"]}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]}]}]`: " /wechat/push ",
		`[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                                  "www.example.com / ",
		`[{"match":[{"path_regexp":{"pattern":"^/push$"}}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                       "untold",
		`[{"match":[{"expression":"path('/push')"}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                              "untold",
		`[{"match":[{"path":["/*/push"]}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                                        "untold",
		`[{"match":[{"path":["/push"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"expression":"method('POST')"}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]}]}]`: " /push ",
	} {
		var routes []route
		if err := json.Unmarshal([]byte(config), &routes); err != nil {
			t.Fatal(err)
		}
		got := ""
		if found, component, ok := (&search{account: "default"}).in(routes, way{}); found.untold {
			got = "untold"
		} else if ok {
			got = found.host + " " + cmp.Or(found.path, "/") + " " + component
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", config, got, want)
		}
	}
}

// TestSearchNamedRoutes goes where invoke goes, and ends where named routes invoke each other.
func TestSearchNamedRoutes(t *testing.T) {
	var routes []route
	var named map[string]*route
	if err := errors.Join(
		json.Unmarshal([]byte(`[{"match":[{"path":["/wechat/push"]}],"handle":[{"handler":"other","name":{}},{"handler":"invoke","name":"none"},{"handler":"invoke","name":"a"}]}]`), &routes),
		json.Unmarshal([]byte(`{"a":{"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"invoke","name":"b"}]}]}]},
			"b":{"handle":[{"handler":"invoke","name":"a"},{"handler":"wechat_card","action":{"name":"message_push"}}]}}`), &named),
	); err != nil {
		t.Fatal(err)
	}
	if found, _, ok := (&search{account: "default", named: named}).in(routes, way{}); !ok || found.path != "/wechat/push" {
		t.Errorf("got %+v, %t", found, ok)
	}
	if _, _, ok := (&search{account: "other", named: named}).in(routes, way{}); ok {
		t.Error("found another account's")
	}
}

// TestIsSandbox takes nothing for a sandbox but one, whatever else says of the address that it asked for.
func TestIsSandbox(t *testing.T) {
	one := sandbox.New(sandbox.Config{})
	for name, tc := range map[string]struct {
		handler http.Handler
		want    bool
	}{
		"a sandbox": {one, true},
		"a sandbox on another machine": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.RemoteAddr = "203.0.113.7:1234"
			one.ServeHTTP(w, r)
		}), true},
		"a page that repeats the address": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, "no such page: %s", r.URL)
		}), false},
		"one for all addresses": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"errcode":40001,"errmsg":"%s"}`, r.URL)
		}), false},
		"a firewall": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error":"%s is forbidden"}`, r.URL)
		}), false},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(tc.handler)
			t.Cleanup(api.Close)
			if got := isSandbox(t.Context(), api.URL); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
