package caddytest

// This file joins a copy of Caddy's own package caddytest: see .ci/caddy-integration.

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"sync"

	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// routes are what CARD_HANDLERS names.
var routes = map[string]string{
	"inject": `[
		{"match": [{"path": ["/wechat/*"]}], "handle": [{"handler": "wechat_card", "action": {"name": "add_card", "cards": [{"card_id": ["p1"]}]}}]},
		{"match": [{"path": ["/wechat/*"]}], "handle": [{"handler": "wechat_card", "action": {"name": "open_card", "cards": [{"card_id": ["p1"]}]}}]},
		{"handle": [{"handler": "wechat_card", "action": {"name": "inject", "header": {"X-Wechat-Api-Ticket": "api_ticket"}, "placeholder": ["access_token"]}}]}
	]`,
	"fill": `[{"handle": [{"handler": "wechat_card", "action": {"name": "fill", "cards": [{"card_id": ["*"]}]}}]}]`,
}

var weChat = sync.OnceValue(func() string { return httptest.NewServer(sandbox.New(sandbox.Config{})).URL })

// withHandlers puts the handlers that CARD_HANDLERS names in front of every server's routes, and with CARD_WHERE=inside also in
// front of all others. A configuration that has no servers, or cannot be read, stays as it is.
func withHandlers(config, kind string) (string, string) {
	added, ok := routes[os.Getenv("CARD_HANDLERS")]
	if !ok {
		return config, kind
	}
	text := []byte(config)
	if kind != "json" {
		adapted, _, err := caddyconfig.GetAdapter(kind).Adapt(text, map[string]any{"filename": "Caddyfile"})
		if err != nil {
			return config, kind
		}
		text = adapted
	}
	var all map[string]any
	if json.Unmarshal(text, &all) != nil {
		return config, kind
	}
	apps, _ := all["apps"].(map[string]any)
	server, _ := apps["http"].(map[string]any)
	servers, _ := server["servers"].(map[string]any)
	if len(servers) == 0 {
		return config, kind
	}
	for _, s := range servers {
		put(s, added, os.Getenv("CARD_WHERE") == "inside")
	}
	os.Setenv("CARD_SECRET", "0123456789abcdef0123456789abcdef")
	apps["wechat_card"] = map[string]any{
		"api": []string{weChat()}, "store": map[string]any{"module": "off"},
		"accounts": map[string]any{"default": map[string]any{"app_id": "wx0123456789abcdef", "app_secret": "{env.CARD_SECRET}"}},
	}
	text, err := json.Marshal(all)
	if err != nil {
		return config, kind
	}
	return string(text), "json"
}

// put puts routes in front of those of a part of the configuration, and of all that stand in it.
func put(part any, added string, inside bool) {
	switch part := part.(type) {
	case []any:
		for _, one := range part {
			put(one, added, inside)
		}
	case map[string]any:
		old, has := part["routes"].([]any)
		if inside {
			for _, one := range part {
				put(one, added, inside)
			}
		}
		if has {
			var first []any
			if err := json.Unmarshal([]byte(added), &first); err != nil {
				panic(err)
			}
			part["routes"] = append(first, old...)
		}
	}
}
