//go:build binary

package binarytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const h5Path = "../../examples/h5"

// ticketSite answers with the account's app_id and tickets, so that a test can check signatures by itself.
const ticketSite = `
:8089 {
	route {
		wechat_card inject {
			placeholder api_ticket
			placeholder jsapi_ticket
		}
		respond "wx5a6d8b2c4e1f3a70 {http.wechat_card.api_ticket} {http.wechat_card.jsapi_ticket}"
	}
}
`

// TestH5 uses the page of examples/h5 in a real Chromium, against its own Caddyfile.
func TestH5(t *testing.T) {
	needPrograms(t, "node")
	if _, err := os.Stat(filepath.Join("browser", "node_modules", "playwright-core")); err != nil {
		missing(t, "npm ci has not been run in caddymodule/binarytest/browser: %v", err)
	}
	browser := chromium(t)
	root, err := filepath.Abs(filepath.Join(h5Path, "public"))
	if err != nil {
		t.Fatal(err)
	}
	text := readFile(t, filepath.Join(h5Path, "Caddyfile")) + ticketSite
	p := newPorts(t, text)
	text = strings.Replace(p.replace(text), "examples/h5/public", root, 1)
	h := newHome(t)
	h.run(t, h.file(t, "Caddyfile", strings.Replace(text, "\n{\n", "\n{\n\tdefault_bind 127.0.0.1\n", 1)))
	runNode(t, "browser", []string{
		"CHROMIUM=" + browser,
		"SITE=http://127.0.0.1:" + p["8080"], "SANDBOX=http://127.0.0.1:" + p["8081"], "TICKETS=http://127.0.0.1:" + p["8089"],
	}, "node", "--test", "h5.test.js")
}
