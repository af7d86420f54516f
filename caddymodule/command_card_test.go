package caddymodule

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCardCommands(t *testing.T) {
	wechat, api := newTestAPI(t)
	if err := wechat.PutCard(testAppID, "pCoupon", `{"card_type":"GROUPON","groupon":{"base_info":{"title":"团购券","color":"Color010"},"deal_detail":"x"}}`); err != nil {
		t.Fatal(err)
	}
	config := toolConfig(t, "api "+api+"\nstore off\n"+testAccount("", testAppID), "")
	tool := func(stdin string, args ...string) toolResult {
		t.Helper()
		return runTool(t, stdin, append(args, "--config", config)...)
	}
	calls := func() int { return wechat.Calls()["/card/update"] }

	// nothing happens without a terminal and without --yes, but the difference is shown
	r := tool("", "jump", "pCoupon", "--custom", "gh_86a091e50ad4@app:pages/card?a=1&b=2")
	wantTool(t, r, false, "pCoupon  GROUPON 团购券", "base_info.custom_app_brand_pass", `+ "pages/card?a=1&b=2"`, "! the card has no custom_url_name", "--yes")
	if !r.usage || calls() != 0 {
		t.Errorf("got %v after %d updates", r.err, calls())
	}
	wantTool(t, tool("", "jump", "pCoupon", "--custom", "gh_86a091e50ad4@app:pages/card?a=1&b=2", "--custom-title", "立即使用",
		"--center", "gh_86a091e50ad4@app:pages/c", "--promotion", "gh_86a091e50ad4@app:pages/p", "--yes"), true, "changed")
	wantTool(t, tool("", "jump", "pCoupon", "--center", "gh_86a091e50ad4@app:pages/c", "--yes"), true, "like this already")
	if calls() != 1 {
		t.Errorf("got %d updates, want 1", calls())
	}
	wantTool(t, tool("", "jump", "pCoupon", "--activate", "gh_86a091e50ad4@app:pages/c", "--yes"), false, "activate is for member cards")
	wantTool(t, tool("", "jump", "pMember", "--activate", "gh_86a091e50ad4@app:pages/c", "--yes"), true, "activate_app_brand_user_name")

	r = tool("", "card", "get", "pCoupon")
	wantTool(t, r, true, `"custom_app_brand_pass": "pages/card?a=1&b=2"`, `"custom_url_name": "立即使用"`, `"promotion_app_brand_user_name": "gh_86a091e50ad4@app"`, `"color": "#63b359"`)

	// read, modify, write
	path := filepath.Join(t.TempDir(), "card.json")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(r.stdout, "#63b359", "#cc463d")), 0o600); err != nil {
		t.Fatal(err)
	}
	wantTool(t, tool("", "card", "update", "pCoupon", path, "--yes"), true, `- "#63b359"`, `+ "Color100"`, "changed")
	wantTool(t, tool(strings.ReplaceAll(r.stdout, "团购券", "新券"), "card", "update", "pCoupon", "-", "--yes"), true,
		`- "团购券"`, `+ "新券"`, `+ "Color010"`, "in review (send_check)")
	wantTool(t, tool(`{"gift":{"base_info":{}}}`, "card", "update", "pCoupon", "-", "--yes"), false, "-: there is neither an object groupon")
	if r := tool(`{"base_info":{"title":"x"}}`, "card", "update", "pCoupon", "-"); !r.usage {
		t.Errorf("got %v", r.err)
	}

	r = tool("", "card", "create", path, "--yes")
	wantTool(t, r, true, "a new GROUPON 团购券 of "+testAppID)
	wantTool(t, tool("", "card", "get", strings.TrimSpace(r.stdout)), true, "团购券", "#cc463d")
	wantTool(t, tool(`{"card":{"card_type":"GROUPON","groupon":{"base_info":{"color":"#000001"}}}}`, "card", "create", "-", "--yes"), false, "WeChat takes no color #000001")

	wantTool(t, tool("", "card", "get", "pUnknown"), false)
	if r := tool("", "card", "get", "pUnknown"); r.usage || !strings.Contains(r.err.Error(), "errcode 40073") || !strings.Contains(r.err.Error(), "→ card_id is not") {
		t.Errorf("got %v", r.err)
	}

	wantTool(t, tool("", "form", "set", "pMember", "--required", "mobile,姓名", "--yes"), true, `"common_field_id_list":["USER_FORM_INFO_FLAG_MOBILE"],"custom_field_list":["姓名"]`, "set\n")
	wantTool(t, tool(`{"optional_form":{"common_field_id_list":["USER_FORM_INFO_FLAG_NAME"]}}`, "form", "set", "pMember", "-", "--yes"), true, `"card_id":"pMember"`)
	if r := tool("", "form", "set", "pCoupon", "--required", "mobile", "--yes"); r.err == nil || !strings.Contains(r.err.Error(), "72003") {
		t.Errorf("got %v", r.err)
	}
	wantTool(t, tool("", "whitelist", "add", "oZ8Yt1XGILfi-FUsewpnnolGgZk0", "wx_tester"), true, "1 by openid, 1 by WeChat id")
	wantTool(t, tool("", "whitelist", "add", "wx_tester", "--yes"), true, "0 by openid, 1 by WeChat id") // as in scripts that say it always
	if got := wechat.Calls(); got["/card/testwhitelist/set"] != 2 || got["/card/membercard/activateuserform/set"] != 3 {
		t.Errorf("got %v", got)
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]error{
		"y\n": nil, "YES\n": nil, "是\n": nil, "n\n": errNotSure, "\n": errNotSure, "yup\n": errNotSure, "": errNobody,
	} {
		if err := confirm(t.Context(), strings.NewReader(answer), io.Discard, "Sure?"); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", answer, err, want)
		}
	}

	// Ctrl-C, which the commands catch, at a question that nobody answers.
	in, answer := io.Pipe()
	defer answer.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := confirm(ctx, in, io.Discard, "Sure?"); !errors.Is(err, errNotSure) {
		t.Errorf("interrupted: got %v", err)
	}
}
