//go:build binary

package binarytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// TestVerifyCommand asks a running Caddy, and none, why a phone refuses a card; scripts go by the exit status.
func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", gateway(w, port, "")))
	good := string(get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pCard"))
	file := filepath.Join(t.TempDir(), "cards.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	write(good)
	c.wantTool(t, 0, []string{"add_card: a phone takes it", "✓  the signature is right (account default)"}, "verify", file)
	write(strings.ReplaceAll(good, "nonce_str", "nonceStr"))
	c.wantTool(t, 1, []string{"add_card: a phone refuses it", "✗  the key is nonceStr, WeChat reads nonce_str [key_name]"}, "verify", file)
	c.wantTool(t, 1, []string{`"id":"key_name"`}, "verify", file, "--json")
	c.wantTool(t, 2, []string{"there is no account of that name"}, "verify", file, "--account", "nobody")
	c.wantTool(t, 2, []string{"unknown flag"}, "verify", file, "--nonsense")

	c.stop(t)
	c.wantTool(t, 2, []string{"no Caddy answers", "--ticket"}, "verify", file)
	c.wantTool(t, 1, []string{"✗  the signature is wrong", "[key_name]"}, "verify", file, "--ticket", "{env.HOME}")
}
