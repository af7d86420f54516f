//go:build binary

package binarytest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// TestExamplePlatform has three merchants scan at a platform of two gateways, and WeChat test it. What they granted outlives both
// gateways and all that Redis holds.
func TestExamplePlatform(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	e := newExample(t, "platform", "REDIS=redis://"+redis.Addr)
	e.run("sandbox.Caddyfile", "PORT="+e.p["8080"])
	gateways := []*caddy{e.run("Caddyfile", "PORT="+e.p["8080"]), e.run("Caddyfile", "PORT="+e.p["8082"])}

	merchants := []string{"wx1a7c5e9f0b2d4c68", "wx2b8d6fa01c3e5d79", "wx5a6d8b2c4e1f3a70"}
	control := func(name, body string) string {
		t.Helper()
		header := http.Header{"Content-Type": {"application/json"}}
		status, answer := ask(t, http.MethodPost, "http://127.0.0.1:"+e.p["8081"]+"/_sandbox/component/"+name, header, body)
		if status != http.StatusOK {
			t.Fatalf("%s: got %d %s", name, status, answer)
		}
		return answer
	}
	// An event that comes before there is a token is dealt with half a minute later.
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(string(get(t, "http://127.0.0.1:"+e.p["8081"]+"/_sandbox/calls")), "api_component_token"); {
		if time.Sleep(50 * time.Millisecond); time.Now().After(deadline) {
			t.Fatal("there is no component_access_token")
		}
	}
	for _, m := range merchants {
		if !strings.Contains(readFile(t, e.path("README.md")), m) {
			t.Errorf("README.md does not have %s scan", m)
		}
		control("scan", `{"app_id":"`+m+`"}`)
	}
	e.wantOnBoard(merchants)
	if cards := e.runReadme(); cards != len(merchants) {
		t.Errorf("README.md takes %d cards", cards)
	}
	var report struct{ Passed bool }
	if answer := control("test", "{}"); json.Unmarshal([]byte(answer), &report) != nil || !report.Passed {
		t.Errorf("WeChat's test before publishing: %s", answer)
	}

	for _, g := range gateways {
		g.stop(t)
	}
	redis.Do("FLUSHALL")
	e.run("Caddyfile", "PORT="+e.p["8080"])
	e.run("Caddyfile", "PORT="+e.p["8082"])
	e.wantOnBoard(merchants)
	e.runReadme()
}

// wantOnBoard waits until the second gateway serves each merchant.
func (e *exampleDir) wantOnBoard(merchants []string) {
	e.t.Helper()
	missing := slices.Clone(merchants)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		missing = slices.DeleteFunc(missing, func(m string) bool {
			r, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, "http://127.0.0.1:"+e.p["8082"]+"/wechat/addCard?card_id=pSandboxCoupon0000000000"+m[14:], nil)
			if err != nil {
				e.t.Fatal(err)
			}
			r.Host = m + ".localhost"
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				return false
			}
			resp.Body.Close()
			return resp.StatusCode == http.StatusOK
		})
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("these are not on board: %v", missing)
		}
	}
}
