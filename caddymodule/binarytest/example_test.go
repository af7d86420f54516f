//go:build binary

package binarytest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// ports gives each port that Caddyfile.example and README.md name a free one for this test.
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
	free := freePorts(t, len(p))
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

const (
	examplePath = "../../Caddyfile.example"
	readmePath  = "../../README.md"
)

// runExample runs Caddyfile.example on free ports of 127.0.0.1.
func runExample(t *testing.T, p ports, env ...string) *caddy {
	t.Helper()
	h := newHome(t, env...)
	text := p.replace(readFile(t, examplePath))
	local := strings.Replace(text, "\n{\n", "\n{\n\tdefault_bind 127.0.0.1\n", 1)
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
