//go:build binary

package binarytest

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// tool runs a subcommand of `caddy wechat-card` and gives what it prints and its exit status.
func (c *caddy) tool(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	args = append([]string{"wechat-card"}, args...)
	cmd, out, errs := c.home.command(t, append(args, "--address", c.admin)...)
	err := cmd.Run()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	if ok {
		status = exit.ExitCode()
	}
	return out.String(), errs.String(), status
}

// wantTool runs a subcommand and checks its exit status and what it prints, on one of both.
func (c *caddy) wantTool(t *testing.T, status int, want []string, args ...string) string {
	t.Helper()
	stdout, stderr, got := c.tool(t, args...)
	if got != status {
		t.Errorf("%v: exit status %d, want %d\n%s%s", args, got, status, stdout, stderr)
	}
	for _, w := range want {
		if !strings.Contains(stdout+stderr, w) {
			t.Errorf("%v: no %q in\n%s%s", args, w, stdout, stderr)
		}
	}
	if strings.Contains(stdout, "\x1b[") {
		t.Errorf("%v: colours, but no terminal: %q", args, stdout)
	}
	return stdout
}

func TestStatusAndRefreshCommands(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", gateway(w, port, "")))
	get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pCard")

	c.wantTool(t, 0, []string{"default  wx0123456789abcdef", "✓  access_token", "✓  api_ticket", "expires in 1 h 59 min", "from wechat", "all is well"}, "status")
	var status struct {
		Accounts map[string]struct {
			Credentials map[string]struct {
				State   string
				Expires time.Time
			}
		}
	}
	if err := json.Unmarshal([]byte(c.wantTool(t, 0, nil, "status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if ticket := status.Accounts["default"].Credentials["api_ticket"]; ticket.State != "fresh" || time.Until(ticket.Expires) < time.Hour {
		t.Errorf("got %+v", status)
	}

	c.wantTool(t, 0, []string{"✓  access_token  refreshed", "✓  api_ticket    refreshed"}, "refresh")
	w.wantCalls(t, map[string]int{"/cgi-bin/stable_token": 2, "/cgi-bin/ticket/getticket": 2})
	c.wantTool(t, 0, []string{"✓  access_token  refreshed"}, "refresh", "--credential", "access_token", "--force", "--account", "default")
	c.wantTool(t, 1, []string{"there is no account of that name"}, "refresh", "--account", "nobody")
	c.wantTool(t, 2, []string{`there is no credential "session_key", but access_token, `}, "refresh", "--credential", "session_key")

	fault(t, w, `{"path":"/cgi-bin/ticket/getticket","errcode":40164,"errmsg":"invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"}`)
	c.wantTool(t, 1, []string{"✗  api_ticket", "errcode 40164", "white list", "203.0.113.7"}, "refresh")
	c.wantTool(t, 1, []string{"!  api_ticket    fresh", "errcode 40164", "→ the address", ": 203.0.113.7", "next attempt in", "2 credentials need attention"}, "status")
	c.wantTool(t, 1, []string{`"errcode":40164`, `"refused_ips":["203.0.113.7"]`}, "status", "--json")

	c.stop(t)
	c.wantTool(t, 1, []string{"no Caddy answers at " + c.admin, "is it running"}, "status")
	c.wantTool(t, 1, []string{"no Caddy answers at " + c.admin}, "refresh")
	runs := runWeChat(t, "")
	runs.wantTool(t, 1, []string{"wechat_card is not configured"}, "status")
}

// An account-wide failure that one process met is told by all, and so is what to do.
func TestStatusNamesTheFleetsFailure(t *testing.T) {
	w := runWeChat(t, "")
	fault(t, w, `{"path":"/cgi-bin/stable_token","errcode":40125,"errmsg":"invalid appsecret"}`)
	h := newHome(t, appSecret)
	for _, port := range freeport.Ports(t, 2) {
		c := h.run(t, h.file(t, "Caddyfile-"+port, gateway(w, port, "")))
		deadline := time.Now().Add(20 * time.Second)
		for out := ""; !strings.Contains(out, "40125"); time.Sleep(100 * time.Millisecond) {
			if out, _, _ = c.tool(t, "status"); time.Now().After(deadline) {
				t.Fatalf("the cause is not named:\n%s", out)
			}
		}
		c.wantTool(t, 1, []string{"✗  access_token  none", "✗  api_ticket", "the app secret is wrong or was reset"}, "status")
	}
	w.wantCalls(t, map[string]int{"/cgi-bin/stable_token": 1})
}
