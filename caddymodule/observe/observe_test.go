package observe_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

func TestMetricsAndEvents(t *testing.T) {
	standIn, api := sitetest.NewAPI(t)
	accounts := sitetest.AccountOption("till", "wx00000000000000b1") + sitetest.AccountOption("gone", "wx00000000000000b2")
	directives := "wechat_card /add add_card {\naccount till\ncard p1\n}\nwechat_card /old inject {\naccount gone\nheader X-T access_token\n}\nrespond /old hi"
	before := sitetest.GatheredBy(t, observe.Metrics())
	site := sitetest.Run(t, api, accounts, directives)
	sitetest.Get(t, site+"/add")
	sitetest.Get(t, site+"/add")
	sitetest.Get(t, site+"/add?card_id=p2")
	sitetest.Get(t, site+"/old")
	want := map[string]float64{
		"answers_total{account=till,action=add_card,reason=ok}":                         2,
		"answers_total{account=till,action=add_card,reason=card_not_allowed}":           1,
		"answers_total{account=gone,action=inject,reason=ok}":                           1,
		"api_requests_total{account=till,api=stable_token,errcode=0}":                   1,
		"api_requests_total{account=till,api=getticket,errcode=0}":                      1,
		"api_request_duration_seconds{account=till,api=getticket}":                      1,
		"credential_renewals_total{account=till,credential=api_ticket,result=wechat}":   1,
		"credential_renewals_total{account=gone,credential=access_token,result=wechat}": 1,
		"credential_renewals_total{account=till,credential=api_ticket,result=failed}":   0,
		"credential_expiry_timestamp_seconds{account=gone,credential=api_ticket}":       0, // there is none such
	}
	got := sitetest.Gathered(t)
	for key, value := range want {
		if got[key]-before[key] != value {
			t.Errorf("%s: got %v, want %v more", key, got[key]-before[key], value)
		}
	}
	for _, key := range []string{
		"credential_expiry_timestamp_seconds{account=till,credential=api_ticket}",
		"credential_expiry_timestamp_seconds{account=till,credential=access_token}",
		"credential_expiry_timestamp_seconds{account=gone,credential=access_token}",
	} {
		if left := got[key] - float64(time.Now().Unix()); left < 7000 || left > 7300 {
			t.Errorf("%s: %v s left", key, left)
		}
	}
	sitetest.WantEvent(t, observe.EventRenewed, "account:till", "credential:api_ticket", "source:wechat", "expires:20")

	sitetest.Fail(t, standIn, sandbox.Fault{Path: "/cgi-bin/ticket/getticket", ErrCode: 45009, ErrMsg: "reach max api daily quota limit"})
	var refreshed admin.Refreshed
	sitetest.Admin(t, admin.RefreshPath, http.MethodPost, `{"account":"till","credential":"api_ticket"}`, &refreshed)
	sitetest.WantEvent(t, observe.EventFailed, "account:till", "credential:api_ticket", "errcode:45009", "hint:the day's quota", "next_attempt:20")

	// Another configuration goes on counting, and forgets the account that is gone.
	site = sitetest.Run(t, api, sitetest.AccountOption("till", "wx00000000000000b1"), "wechat_card add_card {\naccount till\ncard p1\n}")
	sitetest.Get(t, site)
	got = sitetest.Gathered(t)
	for key, value := range before {
		got[key] -= value
	}
	if got["answers_total{account=till,action=add_card,reason=ok}"] != 3 ||
		got["credential_renewals_total{account=till,credential=api_ticket,result=failed}"] != 1 ||
		got["api_requests_total{account=till,api=getticket,errcode=45009}"] != 1 {
		t.Errorf("got %v", got)
	}
	if _, there := got["credential_expiry_timestamp_seconds{account=gone,credential=access_token}"]; there {
		t.Error("an account that is no longer configured has an expiry")
	}
	if got["credential_expiry_timestamp_seconds{account=till,credential=api_ticket}"] == 0 {
		t.Error("a reload lost the expiry")
	}
}
