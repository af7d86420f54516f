package status

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
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
	for _, component := range answer.Components {
		m = max(m, judgeComponent(component, time.Now()))
	}
	for _, account := range answer.Accounts {
		if len(account.RefusedIPs) > 0 {
			m = max(m, terminal.Warn)
		}
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
	attention, refused := 0, 0
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		account := answer.Accounts[name]
		switch {
		case account.MiniProgram && name == account.AppID:
			t.Line(fmt.Sprintf("%s  %s", name, say.T("mini program")))
		case account.MiniProgram:
			t.Line(fmt.Sprintf("%s  %s  %s", name, account.AppID, say.T("mini program")))
		default:
			t.Line(fmt.Sprintf("%s  %s", name, account.AppID))
		}
		shown := 0
		if account.TokenSource == plugin.None {
			shown++
			t.Row(terminal.Fine, string(credential.AccessToken), say.T("none needed"))
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
			credentialRows(&t, string(kind), c, now)
		}
		switch {
		case shown == 0 && account.MiniProgram:
			t.Line("  " + say.T("no route uses its access_token"))
		case shown == 0:
			t.Line("  " + say.T("not used by any route"))
		}
		refused += len(account.RefusedIPs)
		refusalRows(&t, account.RefusedIPs, account.RefusedAt, now)
	}
	components := componentRows(&t, answer, now)
	switch {
	case components > 0 && attention == 0:
		t.Line(say.T("third-party platforms that need attention: %d", components))
	case len(answer.Accounts)+len(answer.Components)+answer.DataAccounts == 0:
		t.Line(say.T("no account is configured"))
	case attention == 1:
		t.Line(say.T("1 credential needs attention"))
	case attention > 1:
		t.Line(say.T("%d credentials need attention", attention))
	case refused > 0:
		t.Line(say.T("the IP white list at mp.weixin.qq.com needs attention"))
	default:
		t.Line(say.T("all is well"))
	}
	return t.Render(colours)
}

// RefreshTable tells people what a refresh did.
func RefreshTable(out io.Writer, answer admin.Refreshed) string {
	return refreshTable(answer, time.Now(), terminal.HasColours(out))
}

// credentialRows are how one credential stands.
func credentialRows(t *terminal.Table, name string, c *admin.CredentialStatus, now time.Time) {
	m := judge(c)
	t.Row(m, name, stateText(c.State), whenEnds(c, now), sourceText(c), nextText(c, now))
	if c.Failing && c.LastError != nil {
		t.Line("      " + say.T("%s ago: %s", span(now.Sub(c.LastError.Time)), errorText(c.LastError.Failure)))
		if c.LastError.Hint != "" {
			t.Line("      → " + say.Text(c.LastError.Hint))
		}
	} else if m == terminal.Warn {
		t.Line("      → " + say.T("it is about to be fetched; if this stays so, see the log, or run: caddy wechat-card refresh"))
	}
}

// refusalRows are the addresses of the machine that WeChat refuses.
func refusalRows(t *terminal.Table, ips []string, refusedAt map[string]time.Time, now time.Time) {
	for _, ip := range ips {
		text := say.T("WeChat refused calls from %s", ip) // an older Caddy does not say when
		if at, known := refusedAt[ip]; known {
			text = say.T("WeChat refused calls from %s, %s ago, and has taken no such call since", ip, span(now.Sub(at)))
		}
		t.Row(terminal.Warn, text)
	}
}

// refreshTable tells people what a refresh did.
func refreshTable(answer admin.Refreshed, now time.Time, colours bool) string {
	var t terminal.Table
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		t.Line(name)
		if len(answer.Accounts[name]) == 0 {
			t.Line("  " + say.T("no credential is in use; name one with --credential"))
		}
		for _, kind := range credential.Kinds {
			c := answer.Accounts[name][kind]
			switch {
			case c == nil:
			case c.Refreshed:
				t.Row(terminal.Fine, string(kind), say.T("refreshed"), say.T("expires in %s", span(c.Expires.Sub(now))))
			default:
				t.Row(terminal.Bad, string(kind), say.T("not refreshed"), "")
				if c.Error != nil {
					t.Line("      " + errorText(*c.Error))
					if c.Error.Hint != "" {
						t.Line("      → " + say.Text(c.Error.Hint))
					}
				}
			}
		}
	}
	return t.Render(colours)
}

// stateText is the state for people.
func stateText(s credential.State) string {
	switch s {
	case credential.None:
		return say.T("none")
	case credential.Fresh:
		return say.T("fresh")
	case credential.Renewing:
		return say.T("renewing")
	case credential.Expired:
		return say.T("expired")
	}
	return string(s)
}

func whenEnds(c *admin.CredentialStatus, now time.Time) string {
	switch {
	case c.Expires.IsZero() || c.State == credential.None:
		return "–"
	case c.Expires.After(now):
		return say.T("expires in %s", span(c.Expires.Sub(now)))
	}
	return say.T("ended %s ago", span(now.Sub(c.Expires)))
}

func sourceText(c *admin.CredentialStatus) string {
	switch c.Source {
	case "":
		return "–"
	case credential.FromWeChat:
		return say.T("from wechat")
	case credential.FromStore:
		return say.T("from store")
	}
	return say.T("from %s", c.Source)
}

func nextText(c *admin.CredentialStatus, now time.Time) string {
	switch {
	case c.NextAttempt.IsZero():
		return ""
	case c.NextAttempt.After(now):
		return say.T("next attempt in %s", span(c.NextAttempt.Sub(now)))
	}
	return say.T("next attempt now")
}

// errorText is the failure without its hint.
func errorText(f observe.Failure) string {
	f.Hint = ""
	return say.Text(f.String())
}

// span is a duration as people say it.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return say.T("%d s", int(d.Seconds()))
	case d < time.Hour:
		return say.T("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return say.T("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return say.T("%d d", int(d.Hours())/24)
}
