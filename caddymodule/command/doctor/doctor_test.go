package doctor_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

func TestDoctorCommand(t *testing.T) {
	wechat, api := sitetest.NewAPI(t)
	put := func(id, card string) {
		t.Helper()
		if err := wechat.PutCard(sitetest.AppID, id, card); err != nil {
			t.Fatal(err)
		}
	}
	const jumps = `"custom_url_name":"x","custom_app_brand_user_name":"gh_1@app","custom_app_brand_pass":"pages/card"`
	put("pMember", `{"card_type":"MEMBER_CARD","member_card":{"base_info":{"title":"会员卡",`+jumps+`},"wx_activate":true,"wx_activate_after_submit":true,"wx_activate_after_submit_url":"https://x.example/?a"}}`)
	put("pCustom", `{"card_type":"GIFT","gift":{"base_info":{"title":"礼品",`+jumps+`,"use_custom_code":true,"bind_openid":true}}}`)
	config := func(options, directives string) string {
		return commandtest.Config(t, "api "+api+"\nstore off\n"+options, directives)
	}
	account := sitetest.AccountOption("", sitetest.AppID)

	good := config(account, `wechat_card /add add_card {
		card pMember
		card pCustom {
			code {query.code}
		}
		accept openid
	}
	wechat_card /open open_card {
		card pMember
	}
	wechat_card /member member_card_component {
		card pMember
	}`)
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", good), true,
		"✓  hosts         "+api+" answers", "✓  store         off", "account default", "✓  address", "✓  api_ticket", "✓  rights", "✓  quota         getticket",
		"card pMember", "✓  add_card: it sends what the card takes (WeChat's codes)", "✓  member_card_component: one-tap",
		"card pCustom", "✓  add_card: it sends what the card takes (custom codes, bound to one user)", "all is well")
	if r := commandtest.Run(t, "", "doctor", "--config", good); strings.Contains(r.Stdout, "!") || strings.Contains(r.Stdout, "\x1b") {
		t.Errorf("got\n%s", r.Stdout)
	}

	bad := config(account+sitetest.AccountOption("other", "wx0000000000000002"), `wechat_card /add add_card {
		card pCustom pUnknown
	}
	wechat_card /member member_card_component {
		card pCustom
		card *
	}
	wechat_card /other add_card {
		account other
		card pMember
	}
	wechat_card /any/* add_card {
		account {query.account}
		card *
	}`)
	r := commandtest.Run(t, "", "doctor", "--config", bad, "--card", "pMember")
	commandtest.Want(t, r, false, "✗  add_card: a card with custom codes", "✗  add_card: a card with bind_openid", "✓  member_card_component: not for this card, which is no member card",
		"✗  it is not a card of this account", "→ ", "account other", "wrong: ")
	if !strings.Contains(r.Err.Error(), "something is wrong") || r.Usage {
		t.Errorf("got %v", r.Err)
	}

	var answer struct {
		Status string
		Checks []struct{ Account, Check, Card, Status, Detail, Todo string }
	}
	r = commandtest.Run(t, "", "doctor", "--json", "--config", bad, "--account", "default")
	if err := json.Unmarshal([]byte(r.Stdout), &answer); err != nil || r.Err == nil {
		t.Fatalf("%v, %v: %s", err, r.Err, r.Stdout)
	}
	found := false
	for _, c := range answer.Checks {
		if c.Account == "other" {
			t.Errorf("got %+v, but asked for default", c)
		}
		found = found || c.Card == "pUnknown" && c.Status == "wrong" && strings.Contains(c.Detail, "40073") && c.Todo != ""
	}
	if answer.Status != "wrong" || !found {
		t.Errorf("got %s", r.Stdout)
	}

	if err := wechat.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 40164, ErrMsg: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist", Times: 1}); err != nil {
		t.Fatal(err)
	}
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", good), false, "✗  address", "203.0.113.7", "white list")

	put("pMember2", `{"card_type":"MEMBER_CARD","member_card":{"base_info":{"title":"会员卡",`+jumps+`}}}`)
	several := config(account, `wechat_card /add add_card {
		card pMember pCustom pMember2 {
			code {query.code}
		}
	}
	wechat_card /one add_card {
		card pMember
	}`)
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", several), false, "!  cards", "2 member cards at once (pMember, pMember2)", "card_id")
	open := config(account, `wechat_card relay {
		allow /card/*
		clients 10.0.0.0/8
	}`)
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", open), true, "account default\n  !  relay ", "its clients are 10.0.0.0/8", "→ give it a key")

	// by flags, without a configuration
	t.Setenv(cli.SecretVariable, sitetest.Secret)
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--app-id", sitetest.AppID, "--api", api, "--card", "pMember"), true, "✓  MEMBER_CARD 会员卡", "all is well")
}

func TestDoctorStore(t *testing.T) {
	_, api := sitetest.NewAPI(t)
	dir := t.TempDir()
	write := func(source string) string {
		path := commandtest.Config(t, "api "+api+"\naccount {\napp_id "+sitetest.AppID+"\napp_secret {env.TEST_APP_SECRET}\ntoken_source "+source+"\n}", "respond ok")
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(raw), "{\n", "{\n\tstorage file_system "+dir+"\n", 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stable := write("stable")
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", stable), true, "✓  store         files in "+dir+" can be written and read", "no route lists a card")
	left := 0
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			left++
		}
		return nil
	})
	if left != 0 {
		t.Errorf("doctor left %d files", left)
	}
	// another process has not shared a token, and doctor must not fetch one
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", write("classic")), false, "!  store", "✗  access_token  there is none", "start Caddy with this configuration")

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	commandtest.Want(t, commandtest.Run(t, "", "doctor", "--config", stable), true, "!  store", "where nothing is yet")
}
