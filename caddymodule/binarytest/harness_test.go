//go:build binary

// Package binarytest runs the built Caddy the way its users do. The path of the binary comes in CADDY_BINARY:
//
//	./xcaddy.sh && CADDY_BINARY=$PWD/caddy go test -tags binary ./caddymodule/binarytest/
package binarytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// home is where one user's Caddys keep their files. Two Caddys with one home share a store.
type home struct {
	dir    string
	env    []string
	binary string
}

// newHome makes an empty home; env is added to the environment of what runs in it.
func newHome(t *testing.T, env ...string) *home {
	t.Helper()
	dir := t.TempDir()
	base := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"XDG_DATA_HOME=" + filepath.Join(dir, "data"),
		"XDG_CONFIG_HOME=" + filepath.Join(dir, "config"),
	}
	binary := os.Getenv("CADDY_BINARY")
	if binary == "" {
		t.Fatal("CADDY_BINARY must be the path of the built Caddy")
	}
	return &home{dir, append(base, env...), binary}
}

// file writes a file into the home and returns its path.
func (h *home) file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command prepares a call of the binary, with its output in the two buffers.
func (h *home) command(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *buffer) {
	t.Helper()
	cmd = exec.Command(h.binary, args...)
	cmd.Dir = h.dir
	cmd.Env = h.env
	stdout, stderr = new(buffer), new(buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// caddy is a running Caddy.
type caddy struct {
	home  *home
	admin string
	cmd   *exec.Cmd
	log   *buffer
	ended chan struct{}
	err   error // after ended
}

// run starts `caddy run` with a config file and waits until it serves.
func (h *home) run(t *testing.T, config string) *caddy {
	t.Helper()
	c := &caddy{home: h, admin: "127.0.0.1:" + freeport.Ports(t, 1)[0], ended: make(chan struct{})}
	c.cmd, _, c.log = h.command(t, "run", "--config", config)
	c.cmd.Env = append(slices.Clip(c.cmd.Env), "CADDY_ADMIN="+c.admin)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	t.Cleanup(func() {
		c.stop(t)
		if t.Failed() {
			t.Logf("log of %s:\n%s", config, c.log)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-c.ended:
			t.Fatalf("caddy ended: %v\n%s", c.err, c.log)
		default:
		}
		// the admin endpoint keeps /config/ waiting until the configuration runs
		if resp, err := http.Get("http://" + c.admin + "/config/"); err == nil {
			resp.Body.Close()
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("caddy does not serve:\n%s", c.log)
		}
	}
}

// stop ends Caddy as a service manager does, and fails the test when it does not end well. A second call does nothing.
func (c *caddy) stop(t *testing.T) {
	t.Helper()
	select {
	case <-c.ended:
		return
	default:
	}
	http.DefaultClient.CloseIdleConnections() // a server waits seconds for those that were never used
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case <-c.ended:
		if c.err != nil {
			t.Errorf("caddy ended badly: %v", c.err)
		}
	case <-time.After(30 * time.Second):
		t.Error("caddy did not end within 30 s")
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// reload gives the running Caddy a new config file, as `caddy reload` does.
func (c *caddy) reload(t *testing.T, config string) {
	t.Helper()
	cmd, _, stderr := c.home.command(t, "reload", "--address", c.admin, "--force", "--config", config)
	if err := cmd.Run(); err != nil {
		t.Fatalf("caddy reload: %v\n%s", err, stderr)
	}
}

// wechat is a Caddy that does nothing but stand in for WeChat.
type wechat struct {
	*caddy
	url string
}

// runWeChat starts the stand-in in a home of its own; options are wechat_sandbox's.
func runWeChat(t *testing.T, options string) *wechat {
	t.Helper()
	h := newHome(t)
	port := freeport.Ports(t, 1)[0]
	config := h.file(t, "Caddyfile", fmt.Sprintf(":%s {\n\tbind 127.0.0.1\n\twechat_sandbox {\n\t%s\n}\n}\n", port, options))
	return &wechat{h.run(t, config), "http://127.0.0.1:" + port}
}

// calls counts the calls that arrived, by path.
func (w *wechat) calls(t *testing.T) map[string]int {
	t.Helper()
	calls := make(map[string]int)
	if err := json.Unmarshal(get(t, w.url+"/_sandbox/calls"), &calls); err != nil {
		t.Fatal(err)
	}
	return calls
}

// wantCalls fails the test unless exactly these calls arrived.
func (w *wechat) wantCalls(t *testing.T, want map[string]int) {
	t.Helper()
	if got := w.calls(t); fmt.Sprint(got) != fmt.Sprint(want) { // fmt prints maps sorted
		t.Errorf("calls of WeChat: got %v, want %v", got, want)
	}
}

// get fetches url, which must answer 200.
func get(t *testing.T, url string) []byte {
	t.Helper()
	body, err := fetch(t.Context(), url)
	if errors.Is(err, errNoAnswer) { // a server of Go's that a reload ends may close a connection that it has just accepted
		body, err = fetch(t.Context(), url)
	}
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// errNoAnswer marks a connection that ended without an answer.
var errNoAnswer = errors.New("no answer")

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", url, resp.Status, body)
	}
	return body, err
}

// buffer is a bytes.Buffer that can be read while a process writes it.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
