package status

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// judge says how a credential stands.
func judge(c *admin.CredentialStatus) terminal.Mark {
	served := c.State == credential.Fresh || c.State == credential.Renewing
	switch {
	case served && c.Failing:
		return terminal.Warn
	case served || !c.Needed && (!c.Failing || c.Failed == 0): // what fails others only does not concern it
		return terminal.Fine
	case !c.Failing, !c.Needed:
		return terminal.Warn // the next request, or the next look, brings one; or nobody asks for it
	}
	return terminal.Bad
}

// Worst is how the whole stands.
func Worst(answer admin.Status) terminal.Mark {
	m := terminal.Fine
	for _, account := range answer.Accounts {
		for _, c := range account.Credentials {
			m = max(m, judge(c))
		}
	}
	return m
}

// statusTable is the status for people.
func statusTable(answer admin.Status, now time.Time, colours bool) string {
	var t terminal.Table
	if answer.Version != "" { // an older Caddy does not say
		t.Line("caddy-wechat-card " + answer.Version)
	}
	attention := 0
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		account := answer.Accounts[name]
		t.Line(fmt.Sprintf("%s  %s", name, account.AppID))
		shown := 0
		if account.TokenSource == plugin.None {
			shown++
			t.Row(terminal.Fine, string(credential.AccessToken), "none needed")
		}
		for _, kind := range credential.Kinds {
			c := account.Credentials[kind]
			if c == nil || !c.Needed && c.State == credential.None && c.Failed == 0 {
				continue
			}
			shown++
			m := judge(c)
			if m != terminal.Fine {
				attention++
			}
			t.Row(m, string(kind), string(c.State), whenEnds(c, now), sourceText(c), nextText(c, now))
			if c.Failing && c.LastError != nil {
				t.Line(fmt.Sprintf("      %s ago: %s", span(now.Sub(c.LastError.Time)), errorText(c.LastError.Failure)))
				if c.LastError.Hint != "" {
					t.Line("      → " + c.LastError.Hint)
				}
			} else if m == terminal.Warn {
				t.Line("      → it is about to be fetched; if this stays so, see the log, or run: caddy wechat-card refresh")
			}
		}
		if shown == 0 {
			t.Line("  not used by any route")
		}
		if len(account.RefusedIPs) > 0 {
			t.Line("  WeChat refused calls from: " + strings.Join(account.RefusedIPs, ", "))
		}
	}
	switch {
	case len(answer.Accounts) == 0:
		t.Line("no account is configured")
	case attention == 0:
		t.Line("all is well")
	case attention == 1:
		t.Line("1 credential needs attention")
	default:
		t.Line(fmt.Sprintf("%d credentials need attention", attention))
	}
	return t.Render(colours)
}

// refreshTable tells people what a refresh did.
func refreshTable(answer admin.Refreshed, now time.Time, colours bool) string {
	var t terminal.Table
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		t.Line(name)
		if len(answer.Accounts[name]) == 0 {
			t.Line("  no credential is in use; name one with --credential")
		}
		for _, kind := range credential.Kinds {
			c := answer.Accounts[name][kind]
			switch {
			case c == nil:
			case c.Refreshed:
				t.Row(terminal.Fine, string(kind), "refreshed", "expires in "+span(c.Expires.Sub(now)))
			default:
				t.Row(terminal.Bad, string(kind), "not refreshed", "")
				if c.Error != nil {
					t.Line("      " + errorText(*c.Error))
					if c.Error.Hint != "" {
						t.Line("      → " + c.Error.Hint)
					}
				}
			}
		}
	}
	return t.Render(colours)
}

func whenEnds(c *admin.CredentialStatus, now time.Time) string {
	switch {
	case c.Expires.IsZero() || c.State == credential.None:
		return "–"
	case c.Expires.After(now):
		return "expires in " + span(c.Expires.Sub(now))
	}
	return "ended " + span(now.Sub(c.Expires)) + " ago"
}

func sourceText(c *admin.CredentialStatus) string {
	if c.Source == "" {
		return "–"
	}
	return "from " + string(c.Source)
}

func nextText(c *admin.CredentialStatus, now time.Time) string {
	switch {
	case c.NextAttempt.IsZero():
		return ""
	case c.NextAttempt.After(now):
		return "next attempt in " + span(c.NextAttempt.Sub(now))
	}
	return "next attempt now"
}

// errorText is the failure without its hint.
func errorText(f observe.Failure) string {
	f.Hint = ""
	return f.String()
}

// span is a duration as people say it.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d", int(d.Hours())/24)
}
