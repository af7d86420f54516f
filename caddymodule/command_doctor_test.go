package caddymodule

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/spf13/cobra"
)

// tool runs a subcommand of `caddy wechat-card` in this process; usage tells whether it says that it was called wrongly.
type toolResult struct {
	stdout, stderr string
	err            error
	usage          bool
}

func runTool(t *testing.T, stdin string, args ...string) toolResult {
	t.Helper()
	root := &cobra.Command{Use: "wechat-card"}
	command().CobraFunc(root)
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(stdin))
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	usage := err != nil && err.Error() == "exiting with status 2"
	return toolResult{out.String(), errs.String(), err, usage}
}

// wantTool runs a subcommand and checks what it prints, on either side.
func wantTool(t *testing.T, r toolResult, ok bool, mentions ...string) {
	t.Helper()
	if (r.err == nil) != ok {
		t.Errorf("got error %v", r.err)
	}
	for _, mention := range mentions {
		if !strings.Contains(r.stdout+r.stderr, mention) {
			t.Errorf("no %q in\n%s%s", mention, r.stdout, r.stderr)
		}
	}
	if strings.Contains(r.stdout+r.stderr, testSecret) {
		t.Errorf("the secret is in\n%s%s", r.stdout, r.stderr)
	}
}

// toolConfig writes a configuration and gives its path.
func toolConfig(t *testing.T, options, directives string) string {
	t.Helper()
	t.Setenv("TEST_APP_SECRET", testSecret)
	path := filepath.Join(t.TempDir(), "Caddyfile")
	config := "{\n\twechat_card {\n" + options + "\n\t}\n}\nhttp://localhost:9080 {\n" + directives + "\n}\n"
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoctorCommand(t *testing.T) {
	wechat, api := newTestAPI(t)
	put := func(id, card string) {
		t.Helper()
		if err := wechat.PutCard(testAppID, id, card); err != nil {
			t.Fatal(err)
		}
	}
	const jumps = `"custom_url_name":"x","custom_app_brand_user_name":"gh_1@app","custom_app_brand_pass":"pages/card"`
	put("pMember", `{"card_type":"MEMBER_CARD","member_card":{"base_info":{"title":"会员卡",`+jumps+`},"wx_activate":true,"wx_activate_after_submit":true,"wx_activate_after_submit_url":"https://x.example/?a"}}`)
	put("pCustom", `{"card_type":"GIFT","gift":{"base_info":{"title":"礼品",`+jumps+`,"use_custom_code":true,"bind_openid":true}}}`)
	config := func(options, directives string) string {
		return toolConfig(t, "api "+api+"\nstore off\n"+options, directives)
	}
	account := testAccount("", testAppID)

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
	wantTool(t, runTool(t, "", "doctor", "--config", good), true,
		"✓  hosts         "+api+" answers", "✓  store         off", "account default", "✓  address", "✓  api_ticket", "✓  rights", "✓  quota         getticket",
		"card pMember", "✓  add_card: it sends what the card takes (WeChat's codes)", "✓  member_card_component: one-tap",
		"card pCustom", "✓  add_card: it sends what the card takes (custom codes, bound to one user)", "all is well")
	if r := runTool(t, "", "doctor", "--config", good); strings.Contains(r.stdout, "!") || strings.Contains(r.stdout, "\x1b") {
		t.Errorf("got\n%s", r.stdout)
	}

	bad := config(account+testAccount("other", "wx0000000000000002"), `wechat_card /add add_card {
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
	r := runTool(t, "", "doctor", "--config", bad, "--card", "pMember")
	wantTool(t, r, false, "✗  add_card: a card with custom codes", "✗  add_card: a card with bind_openid", "✗  member_card_component: the component is for member cards",
		"✗  it is not a card of this account", "→ ", "account other", "wrong: ")
	if !strings.Contains(r.err.Error(), "something is wrong") || r.usage {
		t.Errorf("got %v", r.err)
	}

	var answer struct {
		Status string
		Checks []struct{ Account, Check, Card, Status, Detail, Todo string }
	}
	r = runTool(t, "", "doctor", "--json", "--config", bad, "--account", "default")
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil || r.err == nil {
		t.Fatalf("%v, %v: %s", err, r.err, r.stdout)
	}
	found := false
	for _, c := range answer.Checks {
		if c.Account == "other" {
			t.Errorf("got %+v, but asked for default", c)
		}
		found = found || c.Card == "pUnknown" && c.Status == "wrong" && strings.Contains(c.Detail, "40073") && c.Todo != ""
	}
	if answer.Status != "wrong" || !found {
		t.Errorf("got %s", r.stdout)
	}

	if err := wechat.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 40164, ErrMsg: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist", Times: 1}); err != nil {
		t.Fatal(err)
	}
	wantTool(t, runTool(t, "", "doctor", "--config", good), false, "✗  address", "203.0.113.7", "white list")

	// by flags, without a configuration
	t.Setenv(secretVariable, testSecret)
	wantTool(t, runTool(t, "", "doctor", "--app-id", testAppID, "--api", api, "--card", "pMember"), true, "✓  MEMBER_CARD 会员卡", "all is well")
}

func TestDoctorStore(t *testing.T) {
	_, api := newTestAPI(t)
	dir := t.TempDir()
	write := func(source string) string {
		path := toolConfig(t, "api "+api+"\naccount {\napp_id "+testAppID+"\napp_secret {env.TEST_APP_SECRET}\ntoken_source "+source+"\n}", "respond ok")
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
	wantTool(t, runTool(t, "", "doctor", "--config", stable), true, "✓  store         files in "+dir+" can be written and read", "no route lists a card")
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
	wantTool(t, runTool(t, "", "doctor", "--config", write("classic")), false, "!  store", "✗  access_token  there is none", "start Caddy with this configuration")

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	wantTool(t, runTool(t, "", "doctor", "--config", stable), true, "!  store", "where nothing is yet")

	// nobody listens on port 1
	redis := toolConfig(t, "api "+api+"\nstore redis redis://:redis-password@127.0.0.1:1\n"+testAccount("default", testAppID), "respond ok")
	r := runTool(t, "", "doctor", "--config", redis)
	wantTool(t, r, false, "✗  store         redis: writing: ", "127.0.0.1:1")
	if strings.Contains(r.stdout+r.stderr, "redis-password") {
		t.Errorf("got %s%s", r.stdout, r.stderr)
	}
}

func TestToolsUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(secretVariable, "")
	for _, args := range [][]string{
		{"doctor"},
		{"doctor", "surplus"},
		{"doctor", "--nothing"},
		{"doctor", "--card", "no card"},
		{"doctor", "--api", "http://127.0.0.1:1"},
		{"doctor", "--app-id", testAppID}, // its secret is missing
		{"doctor", "--app-id", testAppID, "--config", "Caddyfile"},
		{"card"},
		{"card", "drop"},
		{"card", "get"},
		{"card", "get", "no/card"},
		{"card", "create", "missing.json"},
		{"card", "update", "pCard"},
		{"form"},
		{"form", "set", "pCard"},
		{"form", "set", "pCard", "-", "--required", "name"},
		{"jump", "pCard"},
		{"jump", "pCard", "--custom", "pages/card"},
		{"jump", "pCard", "--activate-title", "x"},
		{"whitelist", "add"},
		{"whitelist", "add", ""},
		{"whitelist", "add", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"},
	} {
		if r := runTool(t, "{}", args...); !r.usage || !strings.Contains(r.stderr, "Error: ") || !strings.Contains(r.stderr, "--help") {
			t.Errorf("%v: got %v and %q", args, r.err, r.stderr)
		}
	}
	if r := runTool(t, "", "card", "get", "pCard", "--config", "missing"); r.err == nil || r.usage {
		t.Errorf("a configuration that is not there: got %v", r.err)
	}
	t.Setenv("TEST_APP_SECRET", testSecret)
	path := toolConfig(t, "store off\n"+testAccount("one", testAppID)+testAccount("two", "wx0000000000000002"), "")
	if r := runTool(t, "", "card", "get", "pCard", "--config", path); !r.usage || !strings.Contains(r.stderr, "one, two") {
		t.Errorf("which account: got %v and %q", r.err, r.stderr)
	}
}

func TestFileSystemOf(t *testing.T) {
	const mounts = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /var/lib/caddy rw,relatime - nfs4 10.0.0.1:/x rw
31 22 0:31 / /var/lib/caddy/local\040disk rw - xfs /dev/sdb rw
nonsense
32 22 0:32 / /mnt/s3 rw - fuse.s3fs s3fs rw
`
	for path, want := range map[string]struct {
		kind   string
		shared bool
	}{
		"/home/x":                    {"ext4", false},
		"/var/lib/caddy":             {"nfs4", true},
		"/var/lib/caddyshack":        {"ext4", false},
		"/var/lib/caddy/data":        {"nfs4", true},
		"/var/lib/caddy/local disk/": {"xfs", false},
		"/mnt/s3/a":                  {"fuse.s3fs", true},
	} {
		if kind := fileSystemOf(path, mounts); kind != want.kind || isShared(kind) != want.shared {
			t.Errorf("%s: got %q", path, kind)
		}
	}
	if got := fileSystemOf("/x", ""); got != "" || isShared(got) {
		t.Errorf("got %q", got)
	}
}
