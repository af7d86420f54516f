package status

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

func TestComponents(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	now := time.Now().Truncate(time.Second)
	token := &admin.CredentialStatus{
		State: credential.Fresh, Needed: true, Expires: now.Add(time.Hour), Source: credential.FromStore, NextAttempt: now.Add(50 * time.Minute),
	}
	well := admin.ComponentStatus{AppID: "wx0c", Ticket: now.Add(-3 * time.Minute), Token: token, Authorisations: 12}
	answer := admin.Status{Components: map[string]admin.ComponentStatus{"shop": well}, DataAccounts: 7}
	want := `shop  wx0c  third-party platform
  ✓  component_verify_ticket  came 3 min ago
  ✓  component_access_token   fresh           expires in 1 h 00 min  from store  next attempt in 50 min
  accounts that have authorised it: 12
accounts that are data and in use: 7
all is well
`
	if got := statusTable(answer, now, false); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if Worst(answer) != terminal.Fine {
		t.Error("it is well")
	}
	for name, tc := range map[string]struct {
		change func(*admin.ComponentStatus)
		want   terminal.Mark
	}{
		"no ticket":   {func(c *admin.ComponentStatus) { c.Ticket = time.Time{} }, terminal.Bad},
		"late ticket": {func(c *admin.ComponentStatus) { c.Ticket = now.Add(-time.Hour) }, terminal.Warn},
		"old ticket":  {func(c *admin.ComponentStatus) { c.Ticket = now.Add(-12 * time.Hour) }, terminal.Bad},
		"unsaved":     {func(c *admin.ComponentStatus) { c.Unsaved = 1 }, terminal.Warn},
		"uncopied":    {func(c *admin.ComponentStatus) { c.Uncopied = 1 }, terminal.Warn},
		"unreadable":  {func(c *admin.ComponentStatus) { c.Unreadable = 1 }, terminal.Warn},
		"refused":     {func(c *admin.ComponentStatus) { c.RefusedIPs = []string{"203.0.113.7"} }, terminal.Warn},
	} {
		other := well
		tc.change(&other)
		answer.Components["shop"] = other
		if got := Worst(answer); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
