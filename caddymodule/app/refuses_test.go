package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestProvisionRefuses goes through what a configuration must not say, in JSON too.
func TestProvisionRefuses(t *testing.T) {
	sitetest.CheckPool(t)
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_NO_ID", "wx123")
	t.Setenv("TEST_ID", "wx0000000000000002")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const account = `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s"}}`
	const miniAccounts = `"accounts":{"other":{"app_id":"wx0000000000000004","app_secret":"s"},"shop":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]}}`
	const action = `{"name":"add_card","cards":[{"card_id":["p1"]}]}`
	for _, tc := range []struct {
		name, app, handler string
		want               []string // in the error
	}{
		{"no app_id", `"accounts":{"shop":{"app_secret":"s"}}`, ``, []string{`"shop"`, "app_id"}},
		{"original id", `"accounts":{"shop":{"app_id":"gh_0123456789ab","app_secret":"s"}}`, ``, []string{`"shop"`, "original id", "gh_0123456789ab"}},
		{"app_id by a placeholder", `"accounts":{"shop":{"app_id":"{env.TEST_NO_ID}","app_secret":"s"}}`, ``, []string{`"shop"`, "wx123", "16 hex digits"}},
		{"secret for an app_id", `"accounts":{"shop":{"app_id":"0123password","app_secret":"s"}}`, ``, []string{`"shop"`, "this is no app_id"}},
		{"app_id of a mini_program", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"gh_1","app_secret":"s"}]}}`, ``, []string{`"shop"`, "mini_program 0", "original id"}},
		{"two accounts with one app_id", `"accounts":{"b":{"app_id":"{env.TEST_ID}","app_secret":"s"},"a":{"app_id":"wx0000000000000002","app_secret":"s"}}`, ``, []string{"'a' and 'b'", "one app_id", "wx0000000000000002"}},
		{"null account", `"accounts":{"shop":null}`, ``, []string{`"shop"`, "app_id"}},
		{"no app_secret", `"accounts":{"shop":{"app_id":"wx0000000000000001"}}`, ``, []string{`"shop"`, "app_secret"}},
		{"unset variable of an account that an action is for", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"{env.TEST_NOT_SET}"}}`, `"account":"shop","action":` + action, []string{`"shop"`, "app_secret", "TEST_NOT_SET", "set the variable in the environment"}},
		{"unset variable", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"{env.TEST_NOT_SET}"}}`, ``, []string{`"shop"`, "app_secret", "TEST_NOT_SET"}},
		{"empty variable", `"accounts":{"shop":{"app_id":"{env.TEST_EMPTY}","app_secret":"s"}}`, ``, []string{`"shop"`, "app_id", "TEST_EMPTY"}},
		{"empty file", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"{file.` + empty + `}"}}`, ``, []string{`"shop"`, "app_secret", "empty"}},
		{"no file", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"{file./no/such/file}"}}`, ``, []string{`"shop"`, "app_secret"}},
		{"unknown placeholder", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"{nope}"}}`, ``, []string{`"shop"`, "nope"}},
		{"empty name", `"accounts":{"":{"app_id":"wx0000000000000001","app_secret":"s"}}`, ``, []string{`""`, "name"}},
		{"force_refresh", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","force_refresh":"yes"}}`, ``, []string{`"shop"`, "force_refresh"}},
		{"limit", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","limit":{"geturl":-1}}}`, ``, []string{`"shop"`, "limit"}},
		{"limit of logins", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","limit":{"login":-1}}}`, ``, []string{`"shop"`, "limit"}},
		{"mini_program as account", `"accounts":{"shop":{"app_id":"{env.TEST_ID}","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"t"}]}}`, ``, []string{`"shop"`, "mini_program", "wx0000000000000002", "another app_secret"}},
		{"mini_program that signs cards", `"accounts":{"shop":{"app_id":"{env.TEST_ID}","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]}}`, `"account":"shop","action":` + action, []string{`"shop"`, "mini_program", "wx0000000000000002", "the official account's"}},
		{"mini_program that decrypts codes", `"accounts":{"shop":{"app_id":"{env.TEST_ID}","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]}}`, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["*"]}]}`, []string{`"shop"`, "the official account's"}},
		{"mini_program that injects tickets", `"accounts":{"shop":{"app_id":"{env.TEST_ID}","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]}}`, `"account":"shop","action":{"name":"inject","header":{"X-T":"jsapi_ticket"}}`, []string{`"shop"`, "the official account's"}},
		{"mini_program of two accounts with two secrets", `"accounts":{"a":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]},"b":{"app_id":"wx0000000000000003","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"t"}]}}`, ``, []string{`"b"`, "wx0000000000000002", "another app_secret"}},
		{"account that is called like a mini_program", `"accounts":{"wx0000000000000002":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]}}`, ``, []string{`"wx0000000000000002"`, "name"}},
		{"mini_program of another account", `"accounts":{"a":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]},"b":{"app_id":"wx0000000000000002","app_secret":"t"}}`, ``, []string{`"b"`, "mini_program", "wx0000000000000002"}},
		{"mini_program twice", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"},{"app_id":"wx0000000000000002","app_secret":"s"}]}}`, ``, []string{`"shop"`, "twice"}},
		{"mini_program without secret", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002"}]}}`, ``, []string{`"shop"`, "mini_program 0"}},
		{"mini_program's empty secret", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","mini_program":[{"app_id":"wx0000000000000002","app_secret":"{env.TEST_EMPTY}"}]}}`, ``, []string{`"shop"`, "mini_program 0"}},
		{"message_push without token", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","message_push":{}}}`, ``, []string{`"shop"`, "message_push"}},
		{"encoding_aes_key", `"accounts":{"shop":{"app_id":"wx0000000000000001","app_secret":"s","message_push":{"token":"t","encoding_aes_key":"short"}}}`, ``, []string{`"shop"`, "encoding_aes_key"}},
		{"api", `"api":["ftp://x"]`, ``, []string{"api", "ftp://x"}},
		{"api with a query", `"api":["https://x?y"]`, ``, []string{"api"}},
		{"open", `"open":"open.example"`, ``, []string{"open", "open.example"}},
		{"open with a query", `"open":"https://x?y"`, ``, []string{"open"}},
		{"open by a placeholder", `"open":"{env.TEST_EMPTY}"`, ``, []string{"open", "TEST_EMPTY"}},
		{"timeout", `"timeout":-1`, ``, []string{"timeout"}},
		{"proxy", `"proxy":"proxy:password@host"`, ``, []string{"proxy"}},
		{"ca", `"ca":["/no/such/file"]`, ``, []string{"ca", "/no/such/file"}},
		{"ca without certificate", `"ca":["` + empty + `"]`, ``, []string{"ca", "no certificate"}},
		{"store", `"store":{"module":"memory"}`, ``, []string{"store", "memory"}},
		{"unknown key", `"acounts":{}`, ``, []string{"acounts"}},

		{"no app", ``, `"action":` + action, []string{"wechat_card", "not configured"}},
		{"no action", account, `"account":"shop"`, []string{"action"}},
		{"unknown action", account, `"account":"shop","action":{"name":"fly"}`, []string{"fly"}},
		{"unknown account", account, `"action":` + action, []string{`"default"`}},
		{"errors", account, `"account":"shop","errors":"html","action":` + action, []string{"errors", "html"}},
		{"unknown key of an action", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"],"signature":"x"}]}`, []string{"signature"}},
		{"no card", account, `"account":"shop","action":{"name":"add_card"}`, []string{"card"}},
		{"empty rule", account, `"account":"shop","action":{"name":"open_card","cards":[{}]}`, []string{"card_id"}},
		{"card twice", account, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["p1"]},{"card_id":["p1"]}]}`, []string{"p1", "twice"}},
		{"max_cards", account, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["p1"]}],"max_cards":-1}`, []string{"max_cards"}},
		{"more cards than max_cards", account, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["p1","p2"]}],"max_cards":1}`, []string{"max_cards"}},
		{"accept", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"]}],"accept":["code","code"]}`, []string{"accept", "code"}},
		{"nonce_str", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"]}],"nonce_str":"no"}`, []string{"nonce_str"}},
		{"timestamp", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"]}],"timestamp":"int"}`, []string{"timestamp"}},
		{"literal value", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"],"outer_str":"a\nb"}]}`, []string{"outer_str"}},
		{"cache", account, `"account":"shop","action":{"name":"member_card_component","cards":[{"card_id":["p1"]}],"cache":"-1m"}`, []string{"cache"}},
		{"no mini_program", account, `"account":"shop","action":{"name":"login"}`, []string{`"shop"`, "no mini_program"}},
		{"no mini_program of one of the accounts", miniAccounts, `"account":"{env.TEST_EMPTY}","action":{"name":"login"}`, []string{`"other"`, "no mini_program"}},
		{"another account's mini_program", miniAccounts, `"account":"shop","action":{"name":"login","mini_program":"wx0000000000000003"}`, []string{`"shop"`, "wx0000000000000003"}},
		{"mini_program of login", miniAccounts, `"account":"shop","action":{"name":"login","mini_program":"{env.TEST_EMPTY}"}`, []string{"mini_program", "TEST_EMPTY"}},
		{"mini_program of relay", account, `"account":"shop","action":{"name":"relay","mini_program":""}`, []string{`"shop"`, "no mini_program"}},
		{"another mini_program of relay", miniAccounts, `"account":"shop","action":{"name":"relay","mini_program":"wx0000000000000003"}`, []string{`"shop"`, "wx0000000000000003"}},
		{"mini_program of inject", account, `"account":"shop","action":{"name":"inject","header":{"X-T":"access_token of mini_program"}}`, []string{`"shop"`, "no mini_program"}},
		{"ticket of a mini_program", miniAccounts, `"account":"shop","action":{"name":"inject","header":{"X-T":"api_ticket of mini_program"}}`, []string{"X-T", "unknown credential"}},
		{"two mini_programs of inject", miniAccounts, `"account":"shop","action":{"name":"inject","header":{"X-T":"access_token of mini_program a b"}}`, []string{"X-T", "unknown credential"}},
		{"mini_program of credentials", miniAccounts, `"account":"shop","action":{"name":"credentials","mini_program":[{"app_id":"wx0000000000000003"}]}`, []string{`"shop"`, "wx0000000000000003"}},
		{"mini_program of credentials twice", miniAccounts, `"account":"shop","action":{"name":"credentials","mini_program":[{"app_id":"wx0000000000000002"},{"app_id":"{env.TEST_ID}"}]}`, []string{"wx0000000000000002", "twice"}},
		{"mini_program of credentials without app_id", miniAccounts, `"account":"shop","action":{"name":"credentials","mini_program":[{"key":"k"}]}`, []string{"mini_program", "app_id"}},
		{"header of login", miniAccounts, `"account":"shop","action":{"name":"login","header":{"X-Id":"openid"}}`, []string{"X-Id", "mini_openid"}},
		{"field of login", miniAccounts, `"account":"shop","action":{"name":"login","header":{"X_Id":"unionid"}}`, []string{"X_Id"}},
		{"header of login twice", miniAccounts, `"account":"shop","action":{"name":"login","header":{"X-Id":"unionid","x-id":"unionid"}}`, []string{"X-Id", "twice"}},
		{"no origin of oauth", account, `"account":"shop","action":{"name":"oauth"}`, []string{"no origin"}},
		{"origin of oauth", account, `"account":"shop","action":{"name":"oauth","origin":["{env.TEST_EMPTY}"]}`, []string{"origin", "TEST_EMPTY"}},
		{"origin of oauth twice", account, `"account":"shop","action":{"name":"oauth","origin":["https://a.example","https://A.example:443"]}`, []string{"https://a.example", "twice"}},
		{"scope of oauth", account, `"account":"shop","action":{"name":"oauth","origin":["https://a.example"],"scope":"all"}`, []string{"scope", "all"}},
		{"path of oauth", account, `"account":"shop","action":{"name":"oauth","origin":["https://a.example"],"path":"/a?b"}`, []string{"path", "/a?b"}},
		{"cookie of oauth", account, `"account":"shop","action":{"name":"oauth","origin":["https://a.example"],"cookie":"a b"}`, []string{"cookie", "a b"}},
		{"life of oauth", account, `"account":"shop","action":{"name":"oauth","origin":["https://a.example"],"life":-1}`, []string{"life"}},
		{"header of oauth", account, `"account":"shop","action":{"name":"oauth","origin":["https://a.example"],"header":{"X-Id":"mini_openid"}}`, []string{"X-Id", "openid or unionid"}},
		{"oauth of an account without a secret", `"accounts":{"shop":{"app_id":"wx0000000000000001","token_source":"none"}}`, `"account":"shop","action":{"name":"oauth","origin":["https://a.example"]}`, []string{"shop", "app_secret"}},
		{"nothing to fill", account, `"account":"shop","action":{"name":"fill"}`, []string{"no card"}},
		{"max_body", account, `"account":"shop","action":{"name":"fill","cards":[{"card_id":["*"]}],"max_body":-1}`, []string{"max_body"}},
		{"accept of a component", account, `"account":"shop","action":{"name":"member_card_component","cards":[{"card_id":["p1"]}],"accept":["code"]}`, []string{"accept"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var apps []string
			if tc.app != "" {
				apps = append(apps, `"wechat_card":{`+tc.app+`}`)
			}
			if tc.handler != "" {
				apps = append(apps, `"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"wechat_card",`+tc.handler+`}]}]}}}`)
			}
			err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{` + strings.Join(apps, ",") + `}}`)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q, want it to mention %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "password") {
				t.Errorf("got a password in %q", err)
			}
		})
	}
}
