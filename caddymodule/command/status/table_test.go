package status

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

func TestStatusTable(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	answer := admin.Status{Accounts: map[string]admin.AccountStatus{
		"default": {AppID: "wx01", RefusedIPs: []string{"203.0.113.7"}, RefusedAt: map[string]time.Time{"203.0.113.7": in(-18 * time.Second)}, Credentials: map[credential.Kind]*admin.CredentialStatus{
			credential.AccessToken: {State: credential.Fresh, Needed: true, Expires: in(112 * time.Minute), Source: credential.FromStore, NextAttempt: in(107 * time.Minute)},
			credential.APITicket: {
				State: credential.Renewing, Needed: true, Expires: in(3 * time.Minute), Source: credential.FromWeChat, NextAttempt: in(42 * time.Second), Failing: true,
				LastError: &admin.LastError{Time: in(-18 * time.Second), Failure: observe.Failure{ErrCode: 40164, ErrMsg: "invalid ip 203.0.113.7", Hint: "not in the white list: 203.0.113.7"}},
			},
			credential.JSAPITicket: {
				State: credential.Expired, Needed: true, Expires: in(-3 * time.Minute), Source: credential.FromWeChat, NextAttempt: in(-time.Second), Failing: true,
				LastError: &admin.LastError{Time: in(-50 * time.Hour), Failure: observe.Failure{ErrCode: 0, ErrMsg: "getticket: no answer in time", Hint: ""}},
			},
		}},
		"idle": {AppID: "wx02", Credentials: map[credential.Kind]*admin.CredentialStatus{credential.AccessToken: {State: credential.None}}},
		"new":  {AppID: "wx03", Credentials: map[credential.Kind]*admin.CredentialStatus{credential.AccessToken: {State: credential.None, Needed: true}}},
	}}
	want := `default  wx01
  ✓  access_token  fresh     expires in 1 h 52 min  from store   next attempt in 1 h 47 min
  !  api_ticket    renewing  expires in 3 min       from wechat  next attempt in 42 s
      18 s ago: errcode 40164: invalid ip 203.0.113.7
      → not in the white list: 203.0.113.7
  ✗  jsapi_ticket  expired   ended 3 min ago        from wechat  next attempt now
      2 d ago: getticket: no answer in time
  !  WeChat refused calls from 203.0.113.7, 18 s ago, and has taken no such call since
idle  wx02
  not used by any route
new  wx03
  !  access_token  none      –                      –
      → it is about to be fetched; if this stays so, see the log, or run: caddy wechat-card refresh
3 credentials need attention
`
	if got := statusTable(answer, now, false); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	coloured := statusTable(answer, now, true)
	if plain := strings.NewReplacer("\x1b[32m", "", "\x1b[33m", "", "\x1b[31m", "", terminal.ColourOff, "").Replace(coloured); plain != want || coloured == want {
		t.Errorf("with colours: %q", coloured)
	}
	if Worst(answer) != terminal.Bad {
		t.Error("an expired credential is not seen")
	}
}

// TestDocumentedStatus: what the documents show is what the command prints, in each of the two languages.
func TestDocumentedStatus(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	const ip = "203.0.113.7"
	answer := admin.Status{Version: "v0.2.0", Accounts: map[string]admin.AccountStatus{
		"default": {AppID: "wx5a6d8b2c4e1f3a70", RefusedIPs: []string{ip}, RefusedAt: map[string]time.Time{ip: in(-18 * time.Second)}, Credentials: map[credential.Kind]*admin.CredentialStatus{
			credential.AccessToken: {State: credential.Fresh, Needed: true, Expires: in(112 * time.Minute), Source: credential.FromStore, NextAttempt: in(107 * time.Minute)},
			credential.APITicket: {
				State: credential.Fresh, Needed: true, Expires: in(38 * time.Minute), Source: credential.FromWeChat, NextAttempt: in(42 * time.Second), Failing: true,
				LastError: &admin.LastError{Time: in(-18 * time.Second), Failure: observe.Failure{
					ErrCode: 40164, ErrMsg: "invalid ip " + ip + " ipv6 ::ffff:" + ip + ", not in whitelist",
					Hint: "the address that this machine calls from is not in the official account's IP white list at mp.weixin.qq.com: " + ip,
				}},
			},
		}},
	}}
	for tongue, file := range map[string]string{"C": "commands.md", "zh_CN.UTF-8": "commands.zh-CN.md"} {
		t.Setenv("LC_ALL", tongue)
		page, err := os.ReadFile("../../../docs/reference/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if got := statusTable(answer, now, false); !strings.Contains(string(page), "$ caddy wechat-card status\n"+got) {
			t.Errorf("%s does not show\n%s", file, got)
		}
	}
}

func TestRefreshTable(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	now := time.Now()
	got := refreshTable(admin.Refreshed{Accounts: map[string]map[credential.Kind]*admin.RefreshedCredential{
		"a": {
			credential.AccessToken: {Refreshed: true, Expires: now.Add(2 * time.Hour)},
			credential.APITicket:   {Error: &observe.Failure{ErrCode: 45009, ErrMsg: "reach max api daily quota limit", Hint: "wait"}},
		},
		"b": {},
	}}, now, false)
	want := `a
  ✓  access_token  refreshed      expires in 2 h 00 min
  ✗  api_ticket    not refreshed
      errcode 45009: reach max api daily quota limit
      → wait
b
  no credential is in use; name one with --credential
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestStatusTableWithoutToken(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	answer := admin.Status{Accounts: map[string]admin.AccountStatus{"cloud": {AppID: "wx1", TokenSource: plugin.None}}}
	got := statusTable(answer, time.Now(), false)
	if !strings.Contains(got, "access_token  none needed") || strings.Contains(got, "not used") {
		t.Errorf("got\n%s", got)
	}
}

func TestStatusTableSaysTheVersion(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	if got := statusTable(admin.Status{Version: "v1.2.3"}, time.Now(), false); got != "caddy-wechat-card v1.2.3\nno account is configured\n" {
		t.Errorf("got\n%s", got)
	}
}

// TestStatusTableOfARefusedAddress: another machine renews what this one serves, whose address WeChat refuses.
func TestStatusTableOfARefusedAddress(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	now := time.Now()
	fresh := &admin.CredentialStatus{State: credential.Fresh, Needed: true, Expires: now.Add(time.Hour), Source: credential.FromStore}
	answer := admin.Status{Accounts: map[string]admin.AccountStatus{"default": {
		AppID: "wx1", RefusedIPs: []string{"203.0.113.7"}, RefusedAt: map[string]time.Time{"203.0.113.7": now.Add(-3 * time.Minute)},
		Credentials: map[credential.Kind]*admin.CredentialStatus{credential.APITicket: fresh},
	}}}
	got := statusTable(answer, now, false)
	if !strings.Contains(got, "WeChat refused calls from 203.0.113.7, 3 min ago") || strings.Contains(got, "all is well") || Worst(answer) != terminal.Warn {
		t.Errorf("got\n%s", got)
	}
}
