//go:build binary

package binarytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// TestXcaddyRun runs Caddyfile.example as ./xcaddy.sh run does, with a Caddy that is built already: the last line that it says
// names the sandbox's page, and there is none where there is no such page.
func TestXcaddyRun(t *testing.T) {
	t.Parallel()
	binary, err := filepath.Abs(os.Getenv("CADDY_BINARY"))
	if err != nil {
		t.Fatal(err)
	}
	p := newPorts(t, readFile(t, examplePath))
	h := newHome(t)
	h.file(t, "xcaddy.sh", readFile(t, "../../xcaddy.sh"))
	h.file(t, "CHANGELOG.md", readFile(t, "../../CHANGELOG.md"))
	h.file(t, "Caddyfile.example", strings.Replace(p.replace(readFile(t, examplePath)), "\n{\n", "\n{\n\tdefault_bind 127.0.0.1\n", 1))
	if err := os.Symlink(binary, filepath.Join(h.dir, "caddy")); err != nil {
		t.Fatal(err)
	}
	tool := h.file(t, "go", "#!/bin/sh\n[ \"$1\" != tool ] || echo true\n") // which builds nothing, by a program that does nothing
	if err := os.Chmod(tool, 0o700); err != nil {
		t.Fatal(err)
	}
	start := func(args ...string) (*exec.Cmd, *buffer) {
		said := new(buffer)
		cmd := exec.Command("bash", append([]string{"xcaddy.sh", "run"}, args...)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = h.dir, said, said
		cmd.Env = append([]string{"CADDY_ADMIN=127.0.0.1:" + freeport.Ports(t, 1)[0]}, h.env...)
		cmd.Env = append(cmd.Env, "PATH="+h.dir+":"+os.Getenv("PATH"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, said
	}

	page := "http://localhost:" + p["8081"]
	cmd, said := start()
	last := func() string {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return lines[len(lines)-1]
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(last(), "Open "+page+" "); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("the last line does not name %s:\n%s", page, said)
			break
		}
	}
	if !strings.Contains(string(get(t, page)), "caddy-wechat-card") {
		t.Error("the page is not there")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}

	cmd, said = start("--config", "nothing")
	if err := cmd.Wait(); err == nil || strings.Contains(said.String(), page) {
		t.Errorf("without a configuration: %v\n%s", err, said)
	}
}
