package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/status"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"

	"github.com/caddyserver/caddy/v2"
)

func TestAdminStatusAndRefresh(t *testing.T) {
	standIn, api := sitetest.NewAPI(t)
	site := sitetest.Run(t, api, sitetest.AccountOption("shop", "wx00000000000000a1")+sitetest.AccountOption("idle", "wx00000000000000a2"),
		"wechat_card add_card {\naccount shop\ncard *\n}")
	if code := sitetest.Get(t, site+"/?card_id=p1"); code != http.StatusOK {
		t.Fatalf("got %d", code)
	}

	var state admin.Status
	if code := sitetest.Admin(t, admin.StatusPath, http.MethodGet, "", &state); code != http.StatusOK {
		t.Fatalf("got %d", code)
	}
	ticket := state.Accounts["shop"].Credentials[credential.APITicket]
	if state.Accounts["shop"].AppID != "wx00000000000000a1" || ticket.State != credential.Fresh || !ticket.Needed || ticket.Failing ||
		ticket.Source != credential.FromWeChat || ticket.Fetched != 1 || time.Until(ticket.Expires) < time.Hour || ticket.LastError != nil {
		t.Errorf("got %+v", ticket)
	}
	if idle := state.Accounts["idle"].Credentials[credential.APITicket]; idle.State != credential.None || idle.Needed || !idle.Expires.IsZero() {
		t.Errorf("got %+v", idle)
	}
	if state.Version != version.String() {
		t.Errorf("got version %q", state.Version)
	}
	if status.Worst(state) != terminal.Fine {
		t.Error("all is well, but that is not seen")
	}

	var refreshed admin.Refreshed
	if code := sitetest.Admin(t, admin.RefreshPath, http.MethodPost, "", &refreshed); code != http.StatusOK || refreshed.Error != "" ||
		!refreshed.Accounts["shop"][credential.AccessToken].Refreshed || !refreshed.Accounts["shop"][credential.APITicket].Refreshed ||
		len(refreshed.Accounts["idle"]) != 0 {
		t.Errorf("got %d %+v", code, refreshed)
	}
	if n := standIn.Calls()["/cgi-bin/ticket/getticket"]; n != 2 {
		t.Errorf("%d tickets were fetched", n)
	}

	sitetest.Fail(t, standIn, sandbox.Fault{Path: "/cgi-bin/ticket/getticket", ErrCode: 40164, ErrMsg: "invalid ip 203.0.113.7, not in whitelist"})
	refreshed = admin.Refreshed{}
	code := sitetest.Admin(t, admin.RefreshPath, http.MethodPost, `{"account":"shop","credential":"api_ticket"}`, &refreshed)
	one := refreshed.Accounts["shop"][credential.APITicket]
	if code != http.StatusBadGateway || one.Refreshed || one.Error.ErrCode != 40164 || !strings.Contains(one.Error.Hint, "203.0.113.7") ||
		!strings.Contains(refreshed.Error, "account shop, api_ticket: errcode 40164") || one.NextAttempt.IsZero() {
		t.Errorf("got %d %+v", code, refreshed)
	}
	state = admin.Status{}
	sitetest.Admin(t, admin.StatusPath, http.MethodGet, "", &state)
	ticket = state.Accounts["shop"].Credentials[credential.APITicket]
	if !ticket.Failing || ticket.LastError == nil || ticket.LastError.ErrCode != 40164 || ticket.State != credential.Fresh || ticket.Failed != 1 ||
		strings.Join(state.Accounts["shop"].RefusedIPs, " ") != "203.0.113.7" || status.Worst(state) != terminal.Warn {
		t.Errorf("got %+v", state.Accounts["shop"])
	}

	for _, tc := range []struct {
		path, method, body string
		want               int
	}{
		{admin.StatusPath, http.MethodPost, "", 405},
		{admin.RefreshPath, http.MethodGet, "", 405},
		{admin.RefreshPath, http.MethodPost, "{", 400},
		{admin.RefreshPath, http.MethodPost, "{}{}", 400},
		{admin.RefreshPath, http.MethodPost, `{"forced":true}`, 400},
		{admin.RefreshPath, http.MethodPost, `{"credential":"session_key"}`, 400},
		{admin.RefreshPath, http.MethodPost, `{"account":"nobody"}`, 404},
	} {
		if got := sitetest.Admin(t, tc.path, tc.method, tc.body, nil); got != tc.want {
			t.Errorf("%s %s: got %d, want %d", tc.method, tc.body, got, tc.want)
		}
	}
}

func TestAdminWithoutTheApp(t *testing.T) {
	if err := caddy.Load([]byte(`{"admin":{"disabled":true,"config":{"persist":false}},"logging":{"logs":{"default":{"writer":{"output":"discard"}}}}}`), true); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = caddy.Stop() }()
	if got := sitetest.Admin(t, admin.StatusPath, http.MethodGet, "", nil); got != http.StatusNotFound {
		t.Errorf("got %d", got)
	}
	if got := sitetest.Admin(t, admin.RefreshPath, http.MethodPost, "", nil); got != http.StatusNotFound {
		t.Errorf("got %d", got)
	}
}
