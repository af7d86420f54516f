package card_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func TestCardCommands(t *testing.T) {
	wechat, api := sitetest.NewAPI(t)
	if err := wechat.PutCard(sitetest.AppID, "pCoupon", `{"card_type":"GROUPON","groupon":{"base_info":{"title":"团购券","color":"Color010"},"deal_detail":"x"}}`); err != nil {
		t.Fatal(err)
	}
	config := commandtest.Config(t, "api "+api+"\nstore off\n"+sitetest.AccountOption("", sitetest.AppID), "")
	tool := func(stdin string, args ...string) commandtest.Result {
		t.Helper()
		return commandtest.Run(t, stdin, append(args, "--config", config)...)
	}
	calls := func() int { return wechat.Calls()["/card/update"] }

	// nothing happens without a terminal and without --yes, but the difference is shown
	r := tool("", "jump", "pCoupon", "--custom", "gh_86a091e50ad4@app:pages/card?a=1&b=2")
	commandtest.Want(t, r, false, "pCoupon  GROUPON 团购券", "base_info.custom_app_brand_pass", `+ "pages/card?a=1&b=2"`, "! the card has no custom_url_name", "--yes")
	if !r.Usage || calls() != 0 {
		t.Errorf("got %v after %d updates", r.Err, calls())
	}
	commandtest.Want(t, tool("", "jump", "pCoupon", "--custom", "gh_86a091e50ad4@app:pages/card?a=1&b=2", "--custom-title", "立即使用",
		"--center", "gh_86a091e50ad4@app:pages/c", "--promotion", "gh_86a091e50ad4@app:pages/p", "--yes"), true, "changed")
	commandtest.Want(t, tool("", "jump", "pCoupon", "--center", "gh_86a091e50ad4@app:pages/c", "--yes"), true, "like this already")
	if calls() != 1 {
		t.Errorf("got %d updates, want 1", calls())
	}
	commandtest.Want(t, tool("", "jump", "pCoupon", "--activate", "gh_86a091e50ad4@app:pages/c", "--yes"), false, "activate is for member cards")
	commandtest.Want(t, tool("", "jump", "pMember", "--activate", "gh_86a091e50ad4@app:pages/c", "--yes"), true, "activate_app_brand_user_name")

	r = tool("", "card", "get", "pCoupon")
	commandtest.Want(t, r, true, `"custom_app_brand_pass": "pages/card?a=1&b=2"`, `"custom_url_name": "立即使用"`, `"promotion_app_brand_user_name": "gh_86a091e50ad4@app"`, `"color": "#63b359"`)

	// read, modify, write
	path := filepath.Join(t.TempDir(), "card.json")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(r.Stdout, "#63b359", "#cc463d")), 0o600); err != nil {
		t.Fatal(err)
	}
	commandtest.Want(t, tool("", "card", "update", "pCoupon", path, "--yes"), true, `- "#63b359"`, `+ "Color100"`, "changed")
	commandtest.Want(t, tool(strings.ReplaceAll(r.Stdout, "团购券", "新券"), "card", "update", "pCoupon", "-", "--yes"), true,
		`- "团购券"`, `+ "新券"`, `+ "Color010"`, "in review (send_check)")
	commandtest.Want(t, tool(`{"gift":{"base_info":{}}}`, "card", "update", "pCoupon", "-", "--yes"), false, "-: there is neither an object groupon")
	if r := tool(`{"base_info":{"title":"x"}}`, "card", "update", "pCoupon", "-"); !r.Usage {
		t.Errorf("got %v", r.Err)
	}

	r = tool("", "card", "create", path, "--yes")
	commandtest.Want(t, r, true, "a new GROUPON 团购券 of "+sitetest.AppID)
	commandtest.Want(t, tool("", "card", "get", strings.TrimSpace(r.Stdout)), true, "团购券", "#cc463d")
	commandtest.Want(t, tool(`{"card":{"card_type":"GROUPON","groupon":{"base_info":{"color":"#000001"}}}}`, "card", "create", "-", "--yes"), false, "WeChat takes no color #000001")

	commandtest.Want(t, tool("", "card", "get", "pUnknown"), false)
	if r := tool("", "card", "get", "pUnknown"); r.Usage || !strings.Contains(r.Err.Error(), "errcode 40073") || !strings.Contains(r.Err.Error(), "→ card_id is not") {
		t.Errorf("got %v", r.Err)
	}

	commandtest.Want(t, tool("", "form", "set", "pMember", "--required", "mobile,姓名", "--yes"), true, `"common_field_id_list":["USER_FORM_INFO_FLAG_MOBILE"],"custom_field_list":["姓名"]`, "set\n")
	commandtest.Want(t, tool(`{"optional_form":{"common_field_id_list":["USER_FORM_INFO_FLAG_NAME"]}}`, "form", "set", "pMember", "-", "--yes"), true, `"card_id":"pMember"`)
	if r := tool("", "form", "set", "pCoupon", "--required", "mobile", "--yes"); r.Err == nil || !strings.Contains(r.Err.Error(), "72003") {
		t.Errorf("got %v", r.Err)
	}
	commandtest.Want(t, tool("", "whitelist", "add", "oZ8Yt1XGILfi-FUsewpnnolGgZk0", "wx_tester"), true, "1 by openid, 1 by WeChat id")
	commandtest.Want(t, tool("", "whitelist", "add", "wx_tester", "--yes"), true, "0 by openid, 1 by WeChat id") // as in scripts that say it always
	if got := wechat.Calls(); got["/card/testwhitelist/set"] != 2 || got["/card/membercard/activateuserform/set"] != 3 {
		t.Errorf("got %v", got)
	}
}
