package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestChoosingBesideDecidingIsWarnedOf loads routes that sign cards for choosing beside others that decide with what these are
// added, in every order.
func TestChoosingBesideDecidingIsWarnedOf(t *testing.T) {
	const chooses = "choose_card {\ncard pA pB\n}"
	for _, tc := range []struct {
		name   string
		routes []string
		want   []string
	}{
		{"fill", []string{chooses, "fill {\ncard pB pC\n}"}, []string{"default [pB]"}},
		{"fill of any card", []string{chooses, "fill {\ncard *\n}"}, []string{"default [pA pB]"}},
		{"choosing any card", []string{"choose_card {\ncard *\n}", "fill {\ncard pB pC\n}"}, []string{"default [pB pC]"}},
		{"any card of both", []string{"choose_card {\ncard *\n}", "fill {\ncard *\n}"}, []string{"default [*]"}},
		{"a code", []string{chooses, "add_card {\ncard pA {\ncode {header.X-Code}\n}\ncard pB\n}"}, []string{"default [pA]"}},
		{"an openid", []string{chooses, "add_card {\ncard pA\ncard pB {\nopenid {header.X-Openid}\n}\n}"}, []string{"default [pB]"}},
		{"a code of all others", []string{chooses, "add_card {\ncard pA\ncard * {\ncode {header.X-Code}\n}\n}"}, []string{"default [pB]"}},
		{"an outer_str", []string{chooses, "add_card {\ncard pA pB {\nouter_str x\n}\n}"}, nil},
		{"what clients send", []string{chooses, "add_card {\ncard pA pB\naccept code\n}"}, nil},
		{"other cards", []string{chooses, "fill {\ncard pC\n}"}, nil},
		{"another account", []string{chooses, "fill {\naccount other\ncard pA\n}"}, nil},
		{"whichever account", []string{chooses, "fill {\naccount {query.account}\ncard pA\n}"}, []string{"default [pA]", " [pA]"}},
		{"no choosing", []string{"open_card {\ncard pA\n}", "fill {\ncard pA\n}"}, nil},
	} {
		for _, routes := range [][]string{tc.routes, {tc.routes[1], tc.routes[0]}} {
			t.Run(tc.name, func(t *testing.T) {
				got := warnings(t, routes)
				if len(got) == 1 && strings.HasPrefix(tc.name, "whichever") {
					if !slices.Contains(tc.want, got[0]) {
						t.Errorf("got %q", got)
					}
					return
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			})
		}
	}
}

// warnings loads routes and gives what is warned of: accounts and cards.
func warnings(t *testing.T, routes []string) (all []string) {
	t.Helper()
	logs := filepath.Join(t.TempDir(), "log")
	account := func(name, appID string) string {
		return "account " + name + " {\napp_id " + appID + "\napp_secret {env.TEST_APP_SECRET}\n}\n"
	}
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output file `+logs+`
		format json
	}
	wechat_card {
		store off
		`+account("default", sitetest.AppID)+account("other", "wx0000000000000002")+`
	}
}
http://localhost:9080 {
	route {
		wechat_card /0 `+routes[0]+`
		wechat_card /1 `+routes[1]+`
	}
}`)
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loaded.(*app.App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	written, err := os.ReadFile(logs)
	if err != nil {
		t.Fatal(err)
	}
	for text := range bytes.Lines(written) {
		var line struct {
			Level, Logger, Msg, Account string
			Cards                       []string
		}
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatal(err)
		}
		if line.Level == "warn" && strings.Contains(line.Msg, "choose_card") {
			all = append(all, fmt.Sprint(line.Account, " ", line.Cards))
		}
	}
	return all
}
