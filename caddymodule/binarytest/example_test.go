//go:build binary

package binarytest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// ports gives each port that Caddyfile.example and the documents name a free one for this test.
type ports map[string]string

var examplePort = regexp.MustCompile(`\b808[0-9]\b`)

func newPorts(t *testing.T, texts ...string) ports {
	t.Helper()
	p := make(ports)
	for _, text := range texts {
		for _, port := range examplePort.FindAllString(text, -1) {
			p[port] = ""
		}
	}
	free := freeport.Ports(t, len(p))
	for port := range p {
		p[port], free = free[0], free[1:]
	}
	return p
}

func (p ports) replace(text string) string {
	return examplePort.ReplaceAllStringFunc(text, func(port string) string { return p[port] })
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const examplePath = "../../Caddyfile.example"

// runExample runs Caddyfile.example on free ports of 127.0.0.1, with options added to the global ones.
func (h *home) runExample(t *testing.T, p ports, options string) *caddy {
	t.Helper()
	text := p.replace(readFile(t, examplePath))
	local := strings.Replace(text, "\n{\n", "\n{\n\tdefault_bind 127.0.0.1\n"+options, 1)
	if local == text {
		t.Fatal("Caddyfile.example has no global options")
	}
	return h.run(t, h.file(t, "Caddyfile.example", local))
}

func TestExampleIsSound(t *testing.T) {
	live := []string{"WECHAT_API=https://api.weixin.qq.com", "WECHAT_APP_ID=wx0123456789abcdef", "WECHAT_APP_SECRET=s3cr3t-of-mine"}
	for name, env := range map[string][]string{"sandbox": nil, "live": live} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, env...)
			path := h.file(t, "Caddyfile.example", readFile(t, examplePath))

			cmd, stdout, stderr := h.command(t, "adapt", "--config", path)
			if err := cmd.Run(); err != nil {
				t.Fatalf("caddy adapt: %v\n%s", err, stderr)
			}
			if strings.Contains(stderr.String(), `"level":"warn"`) {
				t.Errorf("caddy adapt warns:\n%s", stderr)
			}
			adapted := stdout.String()
			if strings.Contains(adapted, "s3cr3t-of-mine") {
				t.Error("the secret is in the adapted configuration")
			}
			if off := strings.Contains(adapted, `"store":{"module":"off"}`); off != (name == "sandbox") {
				t.Errorf("store off: %v", off)
			}
			if real := strings.Contains(adapted, `"api":["https://api.weixin.qq.com"]`); real != (name == "live") {
				t.Errorf("talks to WeChat: %v", real)
			}

			cmd, _, stderr = h.command(t, "validate", "--config", path)
			if err := cmd.Run(); err != nil {
				t.Errorf("caddy validate: %v\n%s", err, stderr)
			}
		})
	}
	t.Run("fmt", func(t *testing.T) {
		h := newHome(t)
		path := h.file(t, "Caddyfile.example", readFile(t, examplePath))
		cmd, stdout, stderr := h.command(t, "fmt", "--diff", path)
		if err := cmd.Run(); err != nil {
			t.Errorf("caddy fmt: %v\n%s%s", err, stdout, stderr)
		}
	})
}

// TestExampleLive gives the example an account at a WeChat of its own, which knows no other.
func TestExampleLive(t *testing.T) {
	t.Parallel()
	const id, secret = "wx0123456789abcdef", "8f0c4e1d7b3a69258f0c4e1d7b3a6925"
	w := runWeChat(t, "app "+id+" "+secret)
	h := newHome(t, "WECHAT_API="+w.url, "WECHAT_APP_ID="+id, "WECHAT_APP_SECRET="+secret, "WECHAT_CARDS=pOne pTwo", "WECHAT_MEMBER_CARD=pTwo")
	p := newPorts(t, readFile(t, examplePath))
	site := "http://127.0.0.1:" + p["8080"]
	for range 2 { // credentials survive a restart
		c := h.runExample(t, p, "")
		for _, path := range []string{"/wechat/addCard", "/wechat/memberCard", "/legacy/sign"} {
			get(t, site+path)
		}
		waitForStore(t, h)
		c.stop(t)
	}
	for path, n := range oneOfEach {
		if got := w.calls(t)[path]; got != n {
			t.Errorf("%s was called %d times", path, got)
		}
	}
}

// TestExampleLogFilter sends what must not lie about in logs, at DEBUG, where Caddy logs most.
func TestExampleLogFilter(t *testing.T) {
	t.Parallel()
	p := newPorts(t, readFile(t, examplePath))
	c := newHome(t).runExample(t, p, "\tdebug\n")
	site := "http://127.0.0.1:" + p["8080"]
	ticket := string(get(t, site+"/legacy/sign"))
	if !strings.Contains(ticket, "has the api_ticket") {
		t.Errorf("the backend says %q", ticket)
	}
	private := []string{"private-secret", "private-token", "private-js-code", "private-code", "private-activate-ticket"}
	get(t, site+"/shop?secret=private-secret&access_token=private-token&js_code=private-js-code&code=private-code&activate_ticket=private-activate-ticket")
	_, _ = fetch(t.Context(), site+"/wechat/openCard?card_id=pSandboxMember00000000000001&code=private-code") // refused: it is none
	c.stop(t)
	for _, text := range private {
		if strings.Contains(c.log.String(), text) {
			t.Errorf("%s is in the log", text)
		}
	}
	for _, want := range []string{"REDACTED", `"/legacy/sign"`} {
		if !strings.Contains(c.log.String(), want) {
			t.Errorf("%s is not in the log", want)
		}
	}
	if strings.Contains(c.log.String(), `"X-Wechat-Api-Ticket":[`) {
		t.Error("the header with the ticket is in the log")
	}
}
