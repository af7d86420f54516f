package relay_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

func TestRelayWarnsOfStrangers(t *testing.T) {
	t.Setenv("GATEWAY_KEY", "s3cret")
	for name, tc := range map[string]struct {
		directives string
		want       string // what the warning names; empty: there is none
	}{
		"loopback":             {"bind 127.0.0.1 ::1\nwechat_card relay {\nallow /card/*\n}", ""},
		"loopback, named":      {"bind localhost\nwechat_card relay {\nallow /card/*\nclients 127.0.0.1\n}", ""},
		"a socket":             {"bind unix//" + t.TempDir() + "/s\nwechat_card relay {\nallow /card/*\n}", ""},
		"a socket, served":     {"bind unix//" + t.TempDir() + "/s\nwechat_card relay {\nallow /card/*\nclients unix\n}", "its clients are unix"},
		"everywhere":           {"wechat_card relay {\nallow /card/*\n}", "Caddy listens on :9080"},
		"everywhere, in parts": {"bind 127.0.0.1 10.0.0.7\nwechat_card relay {\nallow /card/*\n}", "Caddy listens on 10.0.0.7:9080"},
		"more clients":         {"bind 127.0.0.1\nwechat_card relay {\nallow /card/*\nclients 127.0.0.1 10.0.0.0/8\n}", "its clients are 127.0.0.1 10.0.0.0/8"},
		"with a key":           {"wechat_card relay {\nallow /card/*\nclients private_ranges\nkey {env.GATEWAY_KEY}\n}", ""},
		"in a subroute":        {"handle_path /x/* {\nroute {\nwechat_card relay {\nallow /card/*\n}\n}\n}", "Caddy listens on :9080"},
	} {
		t.Run(name, func(t *testing.T) {
			logs := filepath.Join(t.TempDir(), "log")
			s := newRelaySiteOf(t, nil, "log {\noutput file "+logs+"\nlevel WARN\n}", tc.directives)
			b, err := os.ReadFile(logs)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			logged := strings.Contains(string(b), "relay needs no key")
			found := s.App.Doubts(app.DefaultAccount)
			if tc.want == "" {
				if logged || len(found) > 0 {
					t.Errorf("got %v and %s", found, b)
				}
				return
			}
			if !logged || !strings.Contains(string(b), tc.want) || len(found) != 1 || found[0].Verdict != doctor.Warning || !strings.Contains(found[0].Text, tc.want) {
				t.Errorf("got %v and %s", found, b)
			}
		})
	}
}
