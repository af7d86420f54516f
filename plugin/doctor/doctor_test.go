package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

type world struct{ *accounttest.World }

func newWorld(t *testing.T, change func(*account.Config)) world {
	t.Helper()
	return world{accounttest.New(t, change)}
}

// doctor looks at an account of a configuration.
func doctor(core *account.Core, theirs *clock.Clock, cfg account.Config) *Doctor {
	return New(Config{
		AppID: cfg.AppID, AppSecret: cfg.AppSecret, Source: cfg.Source(),
		Client: cfg.Client, Caller: core, Credentials: core, Now: cfg.Now, WeChatTime: theirs.Now,
		Card: func(ctx context.Context, cardID string) (raw json.RawMessage, card cards.Card, err error) {
			if err = core.Call(ctx, func(token string) (err error) {
				raw, err = cfg.Client.Card(ctx, token, cardID)
				return err
			}); err != nil {
				return nil, card, err
			}
			card, err = cards.Parse(raw)
			return raw, card, err
		},
	})
}

// guest looks at it from a process of its own.
func (w world) guest(t *testing.T) *Doctor {
	t.Helper()
	return doctor(accounttest.Core(t, w.Config.Guest()))
}

// findings collects what a check reports, a line for each.
type findings struct{ lines []string }

func (f *findings) report(found Finding) {
	f.lines = append(f.lines, fmt.Sprintf("%s %s: %s → %s", [...]string{"✓", "!", "✗"}[found.Verdict], found.Check, found.Text, found.Todo))
}

// want fails the test unless each text stands in a line that begins as it does up to its first ":".
func (f *findings) want(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		begin, mention, _ := strings.Cut(text, ": ")
		found := false
		for _, line := range f.lines {
			found = found || strings.HasPrefix(line, begin+":") && strings.Contains(line, mention)
		}
		if !found {
			t.Errorf("no %q in\n%s", text, strings.Join(f.lines, "\n"))
		}
	}
}

func (f *findings) wantNothingWrong(t *testing.T) {
	t.Helper()
	for _, line := range f.lines {
		if strings.HasPrefix(line, "✗") {
			t.Error(line)
		}
	}
}

func TestCheckCredentials(t *testing.T) {
	kinds := []credential.Kind{credential.AccessToken, credential.APITicket}
	for _, tc := range []struct {
		name   string
		change func(*account.Config)
		fault  sandbox.Fault
		works  bool
		want   []string
	}{
		{
			name: "all is well", works: true,
			want: []string{"✓ account: takes app_id and app_secret", "✓ address: this machine", "✓ access_token: from WeChat", "✓ api_ticket: from WeChat"},
		},
		{name: "secret", change: func(c *account.Config) { c.AppSecret = "wrong" }, want: []string{"✗ account: errcode 40125"}},
		{name: "app_id", change: func(c *account.Config) { c.AppID = "wx9" }, want: []string{"✗ account: does not know this app_id"}},
		{
			name:  "address",
			fault: sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 40164, ErrMsg: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"},
			want:  []string{"✗ address: at mp.weixin.qq.com: 203.0.113.7"},
		},
		{
			name: "tickets", works: true, fault: sandbox.Fault{Path: "/cgi-bin/ticket/getticket", ErrCode: 45009, ErrMsg: "reach max api daily quota limit"},
			want: []string{"✓ access_token: good for", "✗ api_ticket: the day's quota"},
		},
		{name: "classic", change: func(c *account.Config) { c.TokenSource = account.Classic }, want: []string{"✗ access_token: must not fetch one"}},
		{name: "unreachable", fault: sandbox.Fault{Path: "*", Drop: true}, want: []string{"✗ account: see what is said of the hosts"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, tc.change)
			if tc.fault.Path != "" {
				if err := w.Sandbox.Fail(tc.fault); err != nil {
					t.Fatal(err)
				}
			}
			var f findings
			if works := w.guest(t).CheckCredentials(t.Context(), kinds, f.report); works != tc.works {
				t.Errorf("calls can be made: %v", works)
			}
			f.want(t, tc.want...)
			for _, line := range f.lines {
				if strings.Contains(line, "s3cr3t") {
					t.Error("the secret is in", line)
				}
			}
		})
	}
}

func TestCheckRightsAndQuota(t *testing.T) {
	w := newWorld(t, nil)
	guest := w.guest(t)
	var f findings
	if !guest.CheckRights(t.Context(), f.report) {
		t.Error("the account may use cards")
	}
	guest.CheckQuota(t.Context(), f.report)
	f.want(t, "✓ rights: has 0", "✓ quota: stable_token: 49999", "✓ quota: getticket: 10000 of 10000", "✓ quota: decrypt: ", "✓ quota: geturl: ")
	f.wantNothingWrong(t)

	for _, tc := range []struct {
		body, want string
	}{
		{`{"errcode":0,"quota":{"daily_limit":100,"used":100,"remain":0}}`, "✗ quota: stable_token: 0 of 100"},
		{`{"errcode":0,"quota":{"daily_limit":100,"used":91,"remain":9}}`, "! quota: stable_token: 9 of 100"},
		{`{"errcode":45011,"errmsg":"minute"}`, "! quota: does not tell the quota of stable_token"},
		{`{"errcode":76021,"errmsg":"cgi_path not found"}`, ""},
	} {
		w.Sandbox.Reset()
		if err := w.Sandbox.Fail(sandbox.Fault{Path: "/cgi-bin/openapi/quota/get", Body: &tc.body}); err != nil {
			t.Fatal(err)
		}
		f = findings{}
		guest.CheckQuota(t.Context(), f.report)
		if tc.want != "" {
			f.want(t, tc.want)
		} else if len(f.lines) > 0 {
			t.Errorf("got %v", f.lines)
		}
	}

	w.Sandbox.Reset()
	if err := w.Sandbox.Fail(sandbox.Fault{Path: "/card/batchget", ErrCode: 48001, ErrMsg: "api unauthorized"}); err != nil {
		t.Fatal(err)
	}
	f = findings{}
	if guest.CheckRights(t.Context(), f.report) {
		t.Error("the account may not use cards")
	}
	f.want(t, "✗ rights: not the mini program's (小程序)")
}

func TestCheckCard(t *testing.T) {
	const jumps = `"custom_url_name":"使用","custom_app_brand_user_name":"gh_1@app","custom_app_brand_pass":"pages/card"`
	adds := CardUse{Action: "add_card", Adds: true}
	sends := CardUse{Action: "add_card", Adds: true, Code: Always, OpenID: Always, FixedBegin: Always}
	accepts := CardUse{Action: "fill", Adds: true, Code: Maybe, OpenID: Maybe, FixedBegin: Maybe}
	opens := CardUse{Action: "member_card_component", OpensComponent: true}
	for _, tc := range []struct {
		name, typ, base, more string
		uses                  []CardUse
		want                  []string
		fine                  bool
	}{
		{
			name: "a coupon", typ: "GROUPON", base: jumps, uses: []CardUse{adds, accepts, adds}, fine: true,
			want: []string{"✓ card: GROUPON 券, CARD_STATUS_VERIFY_OK", "✓ card: 1000000 in stock", "✓ card: made on 20", "✓ card: add_card: it sends", "✓ card: custom to pages/card"},
		},
		{name: "in review", typ: "GIFT", base: `"status":"CARD_STATUS_NOT_VERIFY"`, fine: true, want: []string{"! card: in review"}},
		{name: "refused", typ: "GIFT", base: `"status":"CARD_STATUS_VERIFY_FALL"`, want: []string{"✗ card: refused"}},
		{name: "deleted", typ: "GIFT", base: `"status":"CARD_STATUS_USER_DELETE"`, want: []string{"✗ card: deleted"}},
		{name: "ended", typ: "GIFT", base: `"date_info":{"type":"DATE_TYPE_FIX_TIME_RANGE","end_timestamp":1700000000}`, want: []string{"✗ card: ended on 2023-11-15 06:13 +0800"}},
		{name: "sold out", typ: "GIFT", base: `"sku":{"quantity":0}`, want: []string{"✗ card: 已领完"}},
		{name: "without jump fields", typ: "GIFT", fine: true, want: []string{"! card: no entry of the card leads"}},
		{name: "half a jump field", typ: "GIFT", base: `"center_app_brand_user_name":"gh_1@app"`, want: []string{"✗ card: center: there is a mini program, but no page"}},
		{
			name: "an app_id for the original id", typ: "GIFT", base: `"center_app_brand_user_name":"wx1","center_app_brand_pass":"a"`,
			want: []string{"✗ card: original id"},
		},
		{
			name: "an entry without text", typ: "GIFT", base: `"center_app_brand_user_name":"gh_1@app","center_app_brand_pass":"a"`, fine: true,
			want: []string{"! card: set center_title"},
		},
		{
			name: "custom codes, none sent", typ: "GIFT", base: `"use_custom_code":true`, uses: []CardUse{adds},
			want: []string{"✗ card: needs a code, which the route never sends; phones show 参数错误"},
		},
		{
			name: "what another module's action does", typ: "GIFT", base: jumps, uses: []CardUse{{Action: "stock", Does: "tells what is left"}},
			fine: true, want: []string{"✓ card: stock: it tells what is left"},
		},
		{name: "custom codes, perhaps sent", typ: "GIFT", base: `"use_custom_code":true`, uses: []CardUse{accepts}, fine: true, want: []string{"✓ card: fill: it sends what the card takes (custom codes)"}},
		{
			name: "WeChat's codes, one sent", typ: "GIFT", base: `"date_info":{"type":"DATE_TYPE_PERMANENT"}`, uses: []CardUse{sends},
			want: []string{"✗ card: has WeChat's own codes, but", "✗ card: not bound to users", "! card: fixed_begintimestamp is for"},
		},
		{
			name: "imported codes, one sent", typ: "GIFT", base: `"use_custom_code":true,"get_custom_code_mode":"GET_CUSTOM_CODE_MODE_DEPOSIT","bind_openid":true`,
			uses: []CardUse{sends}, want: []string{"✗ card: imported codes"},
		},
		{name: "bound, no openid", typ: "GIFT", base: `"bind_openid":true`, uses: []CardUse{adds}, want: []string{"✗ card: needs an openid"}},
		{name: "component, a coupon", typ: "GIFT", uses: []CardUse{opens}, want: []string{"✗ card: 72003"}},
		{name: "component, custom codes", typ: "MEMBER_CARD", base: `"use_custom_code":true`, uses: []CardUse{opens}, want: []string{"✗ card: 40158"}},
		{name: "component, not one-tap", typ: "MEMBER_CARD", uses: []CardUse{opens}, want: []string{"✗ card: 45030"}},
		{name: "component, void", typ: "MEMBER_CARD", more: `"wx_activate":true,"auto_activate":true`, uses: []CardUse{opens}, want: []string{"✗ card: void"}},
		{name: "component, returns nothing", typ: "MEMBER_CARD", more: `"wx_activate":true`, uses: []CardUse{opens}, fine: true, want: []string{"! card: returns nothing"}},
		{
			name: "component, no query", typ: "MEMBER_CARD", uses: []CardUse{opens}, fine: true,
			more: `"wx_activate":true,"wx_activate_after_submit":true,"wx_activate_after_submit_url":"https://x.example/a"`,
			want: []string{"! card: which has no ?"},
		},
		{
			name: "component, only the URL", typ: "MEMBER_CARD", uses: []CardUse{opens}, fine: true,
			more: `"wx_activate":true,"wx_activate_after_submit_url":"https://x.example/?a"`, want: []string{"! card: is not set"},
		},
		{
			name: "component, as it should be", typ: "MEMBER_CARD", base: jumps, uses: []CardUse{opens}, fine: true,
			more: `"wx_activate":true,"wx_activate_after_submit":true,"wx_activate_after_submit_url":"https://x.example/?a","activate_app_brand_user_name":"gh_1@app","activate_app_brand_pass":"pages/b"`,
			want: []string{"✓ card: one-tap, and returns", "✓ card: custom to pages/card, activate to pages/b"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, nil)
			fields := `"base_info":{"title":"券"` + strings.TrimSuffix(","+tc.base, ",") + `}` + strings.TrimSuffix(","+tc.more, ",")
			card := fmt.Sprintf(`{"card_type":%q,%q:{%s}}`, tc.typ, strings.ToLower(tc.typ), fields)
			if err := w.Sandbox.PutCard(w.AppID(), accounttest.CardID, card); err != nil {
				t.Fatal(err)
			}
			var f findings
			if isMember := w.guest(t).CheckCard(t.Context(), accounttest.CardID, tc.uses, f.report); isMember != (tc.typ == "MEMBER_CARD") {
				t.Errorf("is it a member card: %v", isMember)
			}
			f.want(t, tc.want...)
			if tc.fine {
				f.wantNothingWrong(t)
			}
			if n := strings.Count(strings.Join(f.lines, "\n"), "add_card: it sends"); n > 1 {
				t.Errorf("said %d times", n)
			}
		})
	}

	w := newWorld(t, nil)
	var f findings
	w.guest(t).CheckCard(t.Context(), "pUnknown", nil, f.report)
	f.want(t, "✗ card: not a card of this account: card_get: errcode 40073")
}

func TestCheckTogether(t *testing.T) {
	use := func(id, together string) CardUse {
		return CardUse{CardID: id, Action: "add_card", Adds: true, Together: together}
	}
	for _, tc := range []struct {
		name    string
		uses    []CardUse
		members []string
		want    []string // what is said
	}{
		{"none", nil, nil, nil},
		{"one", []CardUse{use("p1", "p1 p2"), use("p2", "p1 p2")}, []string{"p1"}, nil},
		{"each by itself", []CardUse{use("p1", "p1"), use("p2", "p2")}, []string{"p1", "p2"}, nil},
		{"only when asked for", []CardUse{use("p1", ""), use("p2", "")}, []string{"p1", "p2"}, nil},
		{"two", []CardUse{use("p1", "p1 p3 p2"), use("p2", "p1 p3 p2"), use("p3", "p1 p3 p2")}, []string{"p1", "p2"}, []string{"2 member cards at once (p1, p2)"}},
		{"two routes", []CardUse{use("p1", "p1 p2"), use("p2", "p1 p2"), use("p2", "p2 p3"), use("p3", "p2 p3")}, []string{"p1", "p2", "p3"}, []string{"(p1, p2)", "(p2, p3)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var f findings
			CheckTogether(tc.uses, tc.members, f.report)
			if len(f.lines) != len(tc.want) {
				t.Fatalf("got %q", f.lines)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(f.lines[i], "! cards: add_card: ") || !strings.Contains(f.lines[i], want) {
					t.Errorf("got %s, want %s in it", f.lines[i], want)
				}
			}
		})
	}
}

func TestCheckHosts(t *testing.T) {
	api := httptest.NewServer(sandbox.New(sandbox.Config{Now: func() time.Time { return time.Now().Add(-time.Hour) }}))
	defer api.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tc := range []struct {
		name string
		urls []string
		want []string
	}{
		{"both", []string{api.URL, gone.URL}, []string{"✓ hosts: answers, in ", "! hosts: does not answer: ", "! clock: 1h0m0s ahead of WeChat's"}},
		{"none", []string{gone.URL}, []string{"✗ hosts: connection refused"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, func(c *account.Config) {
				c.Client = wechat.New(wechat.Config{BaseURLs: tc.urls, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }})
				t.Cleanup(c.Client.Close)
			})
			var f findings
			doctor(w.Core, w.Clock, w.Config).CheckHosts(t.Context(), f.report)
			f.want(t, tc.want...)
		})
	}
}

// deletingStore counts what is left in it.
type deletingStore struct{ *accounttest.Memory }

func (s deletingStore) Delete(_ context.Context, key string) error {
	s.Remove(key)
	return nil
}

// brokenStore stores nothing.
type brokenStore struct{ *accounttest.Memory }

func (brokenStore) Store(context.Context, string, []byte) error { return errors.New("read-only") }

func TestCheckStore(t *testing.T) {
	var f findings
	good := deletingStore{accounttest.NewMemory()}
	CheckStore(t.Context(), good, "memory", f.report)
	f.want(t, "✓ store: memory can be written and read")
	if left := good.Keys(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	CheckStore(t.Context(), brokenStore{accounttest.NewMemory()}, "memory", f.report)
	f.want(t, "✗ store: memory: writing: read-only")
}
