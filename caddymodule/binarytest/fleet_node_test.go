//go:build binary && unix

package binarytest

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// node is one Caddy of a fleet.
type node struct {
	*caddy
	name   string
	port   string
	way    *way
	config string
}

func (n *node) addCardURL() string { return "http://127.0.0.1:" + n.port + "/addCard?card_id=pCard" }

// kill ends a node as kill -9 does.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	<-n.ended
}

// freeze stops a node as SIGSTOP does, until thaw or the end of the test.
func (n *node) freeze(t *testing.T) {
	t.Helper()
	process := n.cmd.Process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { _ = process.Signal(syscall.SIGCONT) })
}

func (n *node) thaw() { _ = n.cmd.Process.Signal(syscall.SIGCONT) }

// load gives a node another configuration by its admin API, as `caddy reload` does, and returns the status.
func (n *node) load(t *testing.T, config string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.admin+"/load", strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/caddyfile")
	req.Header.Set("Cache-Control", "must-revalidate") // even if it is the same
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("reload: %v", err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// wantLog fails the test unless every given node has logged the text.
func wantLog(t *testing.T, text string, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		if !strings.Contains(n.log.String(), text) {
			t.Errorf("%s has not logged %q", n.name, text)
		}
	}
}

// refresh is `caddy wechat-card refresh` at a node.
func (n *node) refresh(t *testing.T) {
	t.Helper()
	cmd, stdout, stderr := n.home.command(t, "wechat-card", "refresh", "--address", n.admin)
	if err := cmd.Run(); err != nil {
		t.Errorf("caddy wechat-card refresh: %v\n%s%s", err, stdout, stderr)
	}
}

// status is what a node's admin API tells of a credential.
func (n *node) status(t *testing.T, kind string) (state, lastError string) {
	t.Helper()
	var status struct {
		Accounts map[string]struct {
			Credentials map[string]struct {
				State     string          `json:"state"`
				LastError json.RawMessage `json:"last_error"`
			} `json:"credentials"`
		} `json:"accounts"`
	}
	if err := json.Unmarshal(get(t, "http://"+n.admin+"/wechat_card/status"), &status); err != nil {
		t.Error(err)
	}
	c := status.Accounts["default"].Credentials[kind]
	return c.State, string(c.LastError)
}
