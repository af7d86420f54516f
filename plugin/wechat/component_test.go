package wechat

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What is sent, as WeChat's pages have it, and what is read of the answers.
func TestComponentCalls(t *testing.T) {
	const account = "wxba5fad812f8e6fb9"
	of := Component{AppID: testAppID, Token: testToken}
	info := `"authorization_info":{"authorizer_appid":"` + account + `","authorizer_access_token":"A","expires_in":7200,"authorizer_refresh_token":"refreshtoken@@@R",` +
		`"func_info":[{"funcscope_category":{"id":1}},{"funcscope_category":{"id":8},"confirm_info":{"need_confirm":0}}]}`
	for name, tc := range map[string]struct {
		call              func(*Client) (any, error)
		path, query, body string
		answer            string
		want              any
	}{
		"start": {
			func(c *Client) (any, error) { return nil, c.StartPushTicket(t.Context(), testAppID, testSecret) },
			"/cgi-bin/component/api_start_push_ticket", "",
			`{"component_appid":"` + testAppID + `","component_secret":"` + testSecret + `"}`, `{"errcode":0,"errmsg":"in a normal state"}`, nil,
		},
		"token": {
			func(c *Client) (any, error) {
				g, err := c.ComponentToken(t.Context(), testAppID, testSecret, "ticket@@@T")
				return []any{g.Value, g.Lifetime}, err
			},
			"/cgi-bin/component/api_component_token", "",
			`{"component_appid":"` + testAppID + `","component_appsecret":"` + testSecret + `","component_verify_ticket":"ticket@@@T"}`,
			`{"component_access_token":"C","expires_in":7200}`,
			[]any{"C", 2 * time.Hour},
		},
		"pre-auth": {
			func(c *Client) (any, error) {
				code, life, err := c.PreAuthCode(t.Context(), of)
				return []any{code, life}, err
			},
			"/cgi-bin/component/api_create_preauthcode", "component_access_token=" + testToken, `{"component_appid":"` + testAppID + `"}`,
			`{"pre_auth_code":"preauthcode@@@P","expires_in":1800}`,
			[]any{"preauthcode@@@P", 30 * time.Minute},
		},
		"query": {
			func(c *Client) (any, error) {
				a, err := c.QueryAuth(t.Context(), of, "queryauthcode@@@Q")
				return []any{a.AppID, a.RefreshToken, a.Token.Value, a.Sets}, err
			},
			"/cgi-bin/component/api_query_auth", "component_access_token=" + testToken,
			`{"component_appid":"` + testAppID + `","authorization_code":"queryauthcode@@@Q"}`,
			`{` + info + `}`,
			[]any{account, "refreshtoken@@@R", "A", []int{1, 8}},
		},
		"query of one without rights": {
			func(c *Client) (any, error) {
				a, err := c.QueryAuth(t.Context(), of, "queryauthcode@@@Q")
				return []any{a.AppID, a.RefreshToken, a.Token.Value, len(a.Sets)}, err
			},
			"/cgi-bin/component/api_query_auth", "component_access_token=" + testToken,
			`{"component_appid":"` + testAppID + `","authorization_code":"queryauthcode@@@Q"}`,
			`{"authorization_info":{"authorizer_appid":"` + account + `","func_info":""}}`,
			[]any{account, "", "", 0},
		},
		"refresh": {
			func(c *Client) (any, error) {
				g, refresh, err := c.AuthorizerToken(t.Context(), of, account, "refreshtoken@@@R")
				return []any{g.Value, g.Lifetime, refresh}, err
			},
			"/cgi-bin/component/api_authorizer_token", "component_access_token=" + testToken,
			`{"component_appid":"` + testAppID + `","authorizer_appid":"` + account + `","authorizer_refresh_token":"refreshtoken@@@R"}`,
			`{"authorizer_access_token":"B","expires_in":7200,"authorizer_refresh_token":"refreshtoken@@@S"}`,
			[]any{"B", 2 * time.Hour, "refreshtoken@@@S"},
		},
		"info": {
			func(c *Client) (any, error) {
				p, err := c.AuthorizerInfo(t.Context(), of, account)
				return []any{p.Name, p.UserName, p.IsMiniProgram, p.Verified, p.RefreshToken}, err
			},
			"/cgi-bin/component/api_get_authorizer_info", "component_access_token=" + testToken,
			`{"component_appid":"` + testAppID + `","authorizer_appid":"` + account + `"}`,
			`{"authorizer_info":{"nick_name":"店","user_name":"gh_1","service_type_info":{"id":0},"verify_type_info":{"id":-1},"MiniProgramInfo":{"visit_status":0}},` + info + `}`,
			[]any{"店", "gh_1", true, false, "refreshtoken@@@R"},
		},
		"list": {
			func(c *Client) (any, error) {
				list, total, err := c.AuthorizerList(t.Context(), of, 500, 500)
				return []any{list, total}, err
			},
			"/cgi-bin/component/api_get_authorizer_list", "component_access_token=" + testToken,
			`{"component_appid":"` + testAppID + `","offset":500,"count":500}`,
			`{"total_count":502,"list":[{"authorizer_appid":"` + account + `","refresh_token":"refreshtoken@@@R","auth_time":1558000607},{"refresh_token":"nobody's"}]}`,
			[]any{[]Listed{{account, "refreshtoken@@@R", time.Unix(1558000607, 0)}}, 502},
		},
		"login": {
			func(c *Client) (any, error) { return c.ComponentLogin(t.Context(), of, account, "code") },
			"/sns/component/jscode2session",
			"appid=" + account + "&component_access_token=" + testToken + "&component_appid=" + testAppID + "&grant_type=authorization_code&js_code=code", "",
			`{"openid":"o1","session_key":"k","unionid":"u1"}`,
			MiniUser{"o1", "u1"},
		},
		"web login": {
			func(c *Client) (any, error) { return c.ComponentWebLogin(t.Context(), of, account, "code") },
			"/sns/oauth2/component/access_token",
			"appid=" + account + "&code=code&component_access_token=" + testToken + "&component_appid=" + testAppID + "&grant_type=authorization_code", "",
			`{"access_token":"x","openid":"o1","scope":"snsapi_base","is_snapshotuser":1}`,
			WebUser{"o1", "", true},
		},
		"text": {
			func(c *Client) (any, error) { return nil, c.CustomText(t.Context(), testToken, "o1", "<&>_from_api") },
			"/cgi-bin/message/custom/send", "access_token=" + testToken,
			`{"touser":"o1","msgtype":"text","text":{"content":"<&>_from_api"}}`, `{"errcode":0,"errmsg":"ok"}`, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.URL.Path != tc.path || r.URL.RawQuery != tc.query || string(body) != tc.body {
					t.Errorf("called %s?%s with %s", r.URL.Path, r.URL.RawQuery, body)
				}
				_, _ = io.WriteString(w, tc.answer)
			})
			got, err := tc.call(newClient(t, Config{}, srv.URL))
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

// What WeChat says of a component's own token, secret and white list is not what it says of an account's.
func TestComponentErrors(t *testing.T) {
	for _, tc := range []struct {
		api  string
		code int
		want Reaction
		hint string
	}{
		{APIComponentToken, 40001, Setup, "component's app secret"},
		{APIComponentToken, 40125, Setup, "component's app secret"},
		{APIComponentToken, 61005, Setup, "verify ticket"},
		{APIPreAuthCode, 40001, Credential, "access_token"},
		{APIPreAuthCode, 42006, Credential, "component_access_token"},
		{APIAuthorizerToken, 61004, Setup, "third-party platform's white list"},
		{APIAuthorizerToken, 61023, Setup, "scan"},
		{APIQueryAuth, 61009, Refused, "authorization code"},
		{APIComponentWebLogin, 40029, Refused, "open the page again"},
		{"getticket", 61004, Setup, "official account's IP white list"},
		{"getticket", 42006, Setup, "third-party platform"},
	} {
		e := &Error{API: tc.api, Code: tc.code}
		if e.Reaction() != tc.want || !strings.Contains(e.Hint(), tc.hint) {
			t.Errorf("%s %d: %d, %q", tc.api, tc.code, e.Reaction(), e.Hint())
		}
	}
	if e := (&Error{API: APIAuthorizerToken, Code: 61004}); !e.RefusesAddress() {
		t.Error("61004 refuses no address")
	}
}

// No error tells a code, a ticket, a secret or a token, though WeChat repeats them.
func TestComponentErrorsHoldNoSecret(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_ = json.NewEncoder(w).Encode(map[string]any{"errcode": 61009, "errmsg": r.URL.String() + string(body)})
	})
	c, of := newClient(t, Config{}, srv.URL), Component{AppID: testAppID, Token: testToken}
	var failed []error
	_, err := c.QueryAuth(t.Context(), of, "secret-queryauthcode")
	failed = append(failed, err)
	_, _, err = c.AuthorizerToken(t.Context(), of, testAppID, "secret-refreshtoken")
	failed = append(failed, err)
	_, err = c.ComponentToken(t.Context(), testAppID, testSecret, "secret-ticket")
	failed = append(failed, err, c.StartPushTicket(t.Context(), testAppID, testSecret))
	_, err = c.ComponentLogin(t.Context(), of, testAppID, "secret-js_code")
	failed = append(failed, err)
	for _, err := range failed {
		if e := wantError(t, err, err.(*Error).API); strings.Contains(e.Error(), "secret-") || strings.Contains(e.Error(), testSecret) || strings.Contains(e.Error(), testToken) {
			t.Errorf("%v", e)
		}
	}
}
