//go:build !nowechatredis

package caddymodule_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

var (
	docsBackend = regexp.MustCompile(`127\.0\.0\.1:300\d`)
	// A text has directives of other plugins.
	recipeBlock = regexp.MustCompile("(?ms)^```(?:caddyfile|text)\n(.*?)^```$")
)

// recipeSite runs the nth Caddyfile below a heading of docs/recipes.md with a backend and a WeChat of its own. Of replace each
// first text becomes the second.
func recipeSite(t *testing.T, heading string, n int, backend http.HandlerFunc, replace ...string) *caddyhttp.Server {
	t.Helper()
	text, err := os.ReadFile("../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n## "+heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	all := recipeBlock.FindAllStringSubmatch(below, -1)
	if !found || len(all) <= n {
		t.Fatalf("docs/recipes.md has %d Caddyfiles below %q", len(all), heading)
	}
	recipe := strings.NewReplacer(replace...).Replace(all[n][1])
	if !strings.HasPrefix(recipe, "{\n") {
		recipe = docsAccount + recipe
	}
	wechat := httptest.NewServer(sandbox.New(sandbox.Config{}))
	t.Cleanup(wechat.Close)
	for _, m := range docsVariable.FindAllStringSubmatch(recipe, -1) {
		t.Setenv(m[1], strings.Repeat("k", 43)) // as long as an encoding_aes_key
	}
	recipe = docsBackend.ReplaceAllStringFunc(recipe, func(address string) string { // each is the backend, and knows its address
		behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("X-Backend", address)
			backend(w, r)
		}))
		t.Cleanup(behind.Close)
		return strings.TrimPrefix(behind.URL, "http://")
	})
	recipe = regexp.MustCompile(`(?s)\t\tstore redis.*?\n\t\t}\n`).ReplaceAllString(recipe, "")
	recipe = strings.Replace(recipe, "\twechat_card {\n", "\tadmin off\n\tstorage file_system "+t.TempDir()+"\n\twechat_card {\n\t\tapi "+wechat.URL+"\n\t\tstore off\n", 1)
	ctx := sitetest.Provision(t, recipe)
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = loaded.(*app.App).Cleanup() })
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	return httpApp.(*caddyhttp.App).Servers["srv0"]
}

// TestRecipes has recipes of docs/recipes.md do what is said of them.
func TestRecipes(t *testing.T) {
	backend := func(w http.ResponseWriter, r *http.Request) {
		switch user := r.Header.Get("Cookie"); {
		case strings.HasPrefix(r.URL.Path, "/session") && user == "":
			w.WriteHeader(http.StatusUnauthorized)
		case user != "nobody":
			w.Header().Set("X-Mini-Openid", "oMiniProgramUser000000000001")
			w.Header().Set("X-Card-Code", "1234")
		}
		fmt.Fprint(w, r.URL.Path)
	}
	const card = "?card_id=pjZ8Yt1XGILfi-FUsewpnnolGgZk"
	for _, tc := range []struct {
		heading string
		n       int
		method  string
		url     string
		header  http.Header
		status  int
		want    string            // in the body
		headers map[string]string // of the answer
	}{
		{
			heading: "An openid from your own session", url: "https://shop.example.com/wechat/myCard",
			header: http.Header{"Cookie": {"user=1"}, "X-Mini-Openid": {"forged"}}, status: 200, want: `\"openid\":\"oMiniProgramUser000000000001\"`,
		},
		{heading: "An openid from your own session", url: "https://shop.example.com/wechat/myCard", status: 401, want: "/session"},
		{
			heading: "An openid from your own session", url: "https://shop.example.com/wechat/myCard",
			header: http.Header{"Cookie": {"nobody"}, "X-Mini-Openid": {"forged"}}, status: 403, want: problem.ReasonValueMissing,
		},
		{heading: "A code of your own", url: "https://shop.example.com/wechat/voucher", status: 200, want: `\"code\":\"1234\"`},
		{heading: "Where users come from", url: "https://shop.example.com/wechat/addCard?from=menu", status: 200, want: `\"outer_str\":\"web-menu\"`},
		{heading: "Where users come from", url: "https://shop.example.com/wechat/addCard", status: 403, want: problem.ReasonValueMissing},
		{
			heading: "Pages on another origin (CORS)", url: "https://shop.example.com/wechat/addCard", header: http.Header{"Origin": {"https://pages.example.com"}},
			status: 200, want: `"cardList"`, headers: map[string]string{"Access-Control-Allow-Origin": "https://pages.example.com", "Vary": "Origin", "Cache-Control": "no-store"},
		},
		{
			heading: "Pages on another origin (CORS)", url: "https://shop.example.com/wechat/addCard", header: http.Header{"Origin": {"https://evil.example.com"}},
			status: 200, want: `"cardList"`, headers: map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Origin"},
		},
		{
			heading: "Pages on another origin (CORS)", method: http.MethodOptions, url: "https://shop.example.com/wechat/addCard", header: http.Header{"Origin": {"https://pages.example.com"}},
			status: 204, headers: map[string]string{"Access-Control-Allow-Origin": "https://pages.example.com", "Access-Control-Allow-Headers": "Content-Type"},
		},
		{
			heading: "Errors in your own form", url: "https://shop.example.com/wechat/addCard?card_id=pOther", status: 200,
			want: `{"code":403,"msg":"card pOther is not handed out here"}`, headers: map[string]string{"Content-Type": "application/json"},
		},
		{heading: "Several accounts", url: "https://coffee.example.com/wechat/addCard" + card, status: 200, want: `"cardList"`},
		{heading: "Several accounts", n: 1, url: "https://tea.example.com/wechat/addCard" + card, status: 200, want: `"cardList"`},
		{heading: "Several accounts", n: 1, url: "https://coffee.example.com/wechat/addCard" + card, status: 403, want: problem.ReasonCardNotAllowed},
		{heading: "Behind a load balancer", url: "http://shop.example.com/wechat/addCard", status: 200, want: `"cardList"`},
		{heading: "Behind a load balancer", url: "http://shop.example.com/healthz", status: 200},
		{heading: "Below another path", url: "https://shop.example.com/api/v2/coupons/wechat/addCard", status: 200, want: `"cardList"`},
		{heading: "Below another path", url: "https://shop.example.com/api/v2/coupons/list", status: 200, want: "/list"},
	} {
		t.Run(tc.heading, func(t *testing.T) {
			server := recipeSite(t, tc.heading, tc.n, backend)
			r := httptest.NewRequest(tc.method, tc.url, nil)
			maps.Copy(r.Header, tc.header)
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("%s: got %d %s", tc.url, w.Code, w.Body)
			}
			for name, want := range tc.headers {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %s is %q, want %q", tc.url, name, got, want)
				}
			}
		})
	}
}

// TestMessagesToSeveralBackends pushes messages to the recipe.
func TestMessagesToSeveralBackends(t *testing.T) {
	got := make(map[string][]string) // by the backend
	var down bool
	server := recipeSite(t, "Messages to several backends", 0, func(w http.ResponseWriter, r *http.Request) {
		got[r.Header.Get("X-Backend")] = append(got[r.Header.Get("X-Backend")], r.Header.Get("X-Wechat-Event"))
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	key := strings.Repeat("k", 43)
	receiver, err := push.New(push.Config{Token: key, EncodingAESKey: key})
	if err != nil {
		t.Fatal(err)
	}
	do := func(event string) int {
		message := "<xml><MsgType>event</MsgType><Event>" + event + "</Event></xml>"
		if event == "" {
			message = "<xml><MsgType>text</MsgType><Content>]]>\x02<Event>user_get_card</Event></Content></xml>"
		}
		query, body := receiver.Again([]byte(message), push.XML, "wx5a6d8b2c4e1f3a70", time.Now())
		r := httptest.NewRequest(http.MethodPost, "https://shop.example.com/wechat/push?"+query.Encode(), bytes.NewReader(body))
		r.Header.Set("X-Wechat-Event", "subscribe") // a stranger's
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code
	}
	for _, event := range []string{"user_get_card", "user_del_card", "submit_membercard_user_info", "subscribe", "unsubscribe", "", "TEMPLATESENDJOBFINISH"} {
		if status := do(event); status != http.StatusOK {
			t.Errorf("%q: got %d", event, status)
		}
	}
	want := map[string][]string{
		"127.0.0.1:3001": {"user_get_card", "user_del_card", "submit_membercard_user_info"},
		"127.0.0.1:3002": {"subscribe", "unsubscribe"}, "127.0.0.1:3003": {""},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	down = true
	if status := do("user_consume_card"); status != http.StatusBadGateway {
		t.Errorf("got %d", status)
	}
}
