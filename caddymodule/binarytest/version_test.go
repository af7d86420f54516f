//go:build binary

package binarytest

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestVersion sees that all who say which version this is say the first heading of CHANGELOG.md.
func TestVersion(t *testing.T) {
	t.Parallel()
	heading := regexp.MustCompile(`(?m)^## \[?([^] \n]+)`).FindStringSubmatch(readFile(t, "../../CHANGELOG.md"))
	if heading == nil {
		t.Fatal("CHANGELOG.md has no heading")
	}
	want := "v" + heading[1]
	script, err := exec.Command("../../xcaddy.sh", "version").Output()
	if err != nil || string(script) != want+"\n" {
		t.Errorf("xcaddy.sh says %q, %v", script, err)
	}

	p := newPorts(t, readFile(t, examplePath))
	h := newHome(t)
	c := h.runExample(t, p, "")
	config := h.file(t, "Caddyfile", p.replace(readFile(t, examplePath)))

	cmd, out, _ := h.command(t, "build-info")
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "caddy-wechat-card/caddy-wechat-card\t"+want+"\n=>") {
		t.Errorf("build-info says %v\n%s", err, out)
	}
	line := "caddy-wechat-card " + want + "\n"
	status := c.wantTool(t, 0, nil, "status")
	doctor := h.wantBeside(t, 0, nil, "doctor", "--config", config)
	for name, text := range map[string]string{"status": status, "doctor": doctor} {
		if !strings.HasPrefix(text, line) {
			t.Errorf("%s says\n%s", name, text)
		}
	}
	for name, text := range map[string]string{
		"status": c.wantTool(t, 0, nil, "status", "--json"),
		"doctor": h.wantBeside(t, 0, nil, "doctor", "--config", config, "--json"),
	} {
		var answer struct{ Version string }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Version != want {
			t.Errorf("%s --json says %v, %s", name, err, text)
		}
	}
	if page := string(get(t, "http://localhost:"+p["8081"])); !strings.Contains(page, ">caddy-wechat-card "+want+"<") {
		t.Errorf("the page says\n%s", page)
	}
}
