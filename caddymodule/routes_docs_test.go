//go:build !nowechatredis

package caddymodule_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/doctor/routes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestDoctorFindsNothingInTheDocuments walks the routes of every Caddyfile that the documents and examples show.
func TestDoctorFindsNothingInTheDocuments(t *testing.T) {
	walked := 0
	for where, text := range shown(t) {
		if !strings.Contains(text, "wechat_card") {
			continue
		}
		out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
		var config struct {
			Apps struct{ HTTP json.RawMessage } `json:"apps"`
		}
		if err != nil || json.Unmarshal(out, &config) != nil || config.Apps.HTTP == nil {
			continue // a piece of one, or of something else
		}
		walked++
		routes.Check(config.Apps.HTTP, func(f doctor.Finding) {
			if f.Verdict != doctor.Fine {
				t.Errorf("%s\n%s", where, f.Text)
			}
		})
	}
	if walked < 40 {
		t.Errorf("only %d were walked", walked)
	}
}
