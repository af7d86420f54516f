package caddymodule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

func TestStatusTable(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	answer := statusAnswer{Accounts: map[string]accountStatus{
		"default": {AppID: "wx01", RefusedIPs: []string{"203.0.113.7"}, Credentials: map[credential.Kind]*credentialStatus{
			credential.AccessToken: {State: credential.Fresh, Needed: true, Expires: in(112 * time.Minute), Source: credential.FromStore, NextAttempt: in(107 * time.Minute)},
			credential.APITicket: {
				State: credential.Renewing, Needed: true, Expires: in(3 * time.Minute), Source: credential.FromWeChat, NextAttempt: in(42 * time.Second), Failing: true,
				LastError: &lastError{in(-18 * time.Second), failure{40164, "invalid ip 203.0.113.7", "not in the white list: 203.0.113.7"}},
			},
			credential.JSAPITicket: {
				State: credential.Expired, Needed: true, Expires: in(-3 * time.Minute), Source: credential.FromWeChat, NextAttempt: in(-time.Second), Failing: true,
				LastError: &lastError{in(-50 * time.Hour), failure{0, "getticket: no answer in time", ""}},
			},
		}},
		"idle": {AppID: "wx02", Credentials: map[credential.Kind]*credentialStatus{credential.AccessToken: {State: credential.None}}},
		"new":  {AppID: "wx03", Credentials: map[credential.Kind]*credentialStatus{credential.AccessToken: {State: credential.None, Needed: true}}},
	}}
	want := `default  wx01
  ✓  access_token  fresh     expires in 1 h 52 min  from store   next attempt in 1 h 47 min
  !  api_ticket    renewing  expires in 3 min       from wechat  next attempt in 42 s
      18 s ago: errcode 40164: invalid ip 203.0.113.7
      → not in the white list: 203.0.113.7
  ✗  jsapi_ticket  expired   ended 3 min ago        from wechat  next attempt now
      2 d ago: getticket: no answer in time
  WeChat refused calls from: 203.0.113.7
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
	if plain := strings.NewReplacer("\x1b[32m", "", "\x1b[33m", "", "\x1b[31m", "", colourOff, "").Replace(coloured); plain != want || coloured == want {
		t.Errorf("with colours: %q", coloured)
	}
	if worst(answer) != markBad {
		t.Error("an expired credential is not seen")
	}
}

func TestRefreshTable(t *testing.T) {
	now := time.Now()
	got := refreshTable(refreshAnswer{Accounts: map[string]map[credential.Kind]*refreshedStatus{
		"a": {
			credential.AccessToken: {Refreshed: true, Expires: now.Add(2 * time.Hour)},
			credential.APITicket:   {Error: &failure{45009, "reach max api daily quota limit", "wait"}},
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

func TestAdminError(t *testing.T) {
	var into refreshAnswer
	for text, want := range map[string]string{
		`caddy responded with error: HTTP 404: {"error":"there is no account of that name"}`:       "there is no account of that name",
		`caddy responded with error: HTTP 502: {"error":"both","accounts":{"a":{}}}`:               "both",
		`caddy responded with error: HTTP 404: 404 page not found`:                                 "is it this build?",
		`performing request: Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connection refused`: "no Caddy answers at here",
		`invalid admin address x`: "invalid admin address x",
	} {
		if got := adminError(errors.New(text), "here", &into).Error(); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", text, got)
		}
	}
	if into.Accounts["a"] == nil {
		t.Error("the answer was lost")
	}
}
