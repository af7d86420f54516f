package platformauthorize_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// world is a sandbox with a platform, and a site that is that platform.
type world struct {
	t      *testing.T
	wechat *sandbox.Sandbox
	site   string // its origin
}

func newWorld(t *testing.T, switches sandbox.Switches) *world {
	t.Helper()
	var serve http.Handler // what a site of Caddy's answers, once it is there
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	wechat := sandbox.New(sandbox.Config{Components: map[string]sandbox.Component{thirdpartytest.Component: {
		Secret: thirdpartytest.Secret, Token: thirdpartytest.Token, EncodingAESKey: thirdpartytest.Key,
		EventsURL: front.URL + "/platform/events", MessagesURL: front.URL + "/platform/$APPID$",
		Switches: switches,
	}}})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output discard
	}
	wechat_card {
		api `+api.URL+`
		open `+api.URL+`
		component shop {
			app_id `+thirdpartytest.Component+`
			app_secret `+thirdpartytest.Secret+`
			message_push `+thirdpartytest.Token+` `+thirdpartytest.Key+`
			seal_key "`+thirdpartytest.SealKey+`"
		}
		accounts platform shop
	}
}
http://:9080 {
	wechat_card /authorize platform_authorize {
		component shop
		return `+front.URL+`
	}
	wechat_card /card add_card {
		account {query.account}
		card *
	}
	wechat_card /platform/* message_push {
		component shop
		release_test on
	}
	respond "" 200
}`)
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loaded.(*app.App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	serve = httpApp.(*caddyhttp.App).Servers["srv0"]
	w := &world{t, wechat, front.URL}
	w.deliver() // the ticket
	return w
}

func (w *world) deliver() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	for _, d := range w.wechat.Deliver(ctx) {
		if text := fmt.Sprintf("%+v", d); !strings.Contains(text, "success") && !strings.Contains(text, "200") {
			w.t.Errorf("got %s", text)
		}
	}
}

var (
	toPage    = regexp.MustCompile(`id="to" href="([^"]+)"`)
	toLink    = regexp.MustCompile(`id="pc" href="([^"]+)"`)
	toAccount = regexp.MustCompile(`id="account-(wx[0-9a-f]{16})" href="([^"]+)"`)
)

// TestInTheSandbox goes the whole way to WeChat's page and back, as a browser does, and then a card of the merchant's is signed: whether or
// not the event of the same scan has the same code, and comes first.
func TestInTheSandbox(t *testing.T) {
	for name, otherCode := range map[string]bool{"same code": false, "other code": true} {
		for order, eventFirst := range map[string]bool{"event last": false, "event first": true} {
			t.Run(name+", "+order, func(t *testing.T) { authorizeInTheSandbox(t, otherCode, eventFirst) })
		}
	}
}

func authorizeInTheSandbox(t *testing.T, otherCode, eventFirst bool) {
	t.Helper()
	w := newWorld(t, sandbox.Switches{OtherCode: otherCode})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		if eventFirst { // WeChat's page sends the merchant back
			w.deliver()
		}
		return nil
	}}
	get := func(address, referer string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		if referer != "" {
			r.Header.Set("Referer", referer)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: got %d %s %v", address, resp.StatusCode, body, err)
		}
		return string(body)
	}
	link := func(m []string) string {
		t.Helper()
		if m == nil {
			t.Fatal("there is no such link")
		}
		return strings.ReplaceAll(m[len(m)-1], "&amp;", "&")
	}
	page := get(w.site+"/authorize", "")
	page = get(w.site+"/authorize"+link(toLink.FindStringSubmatch(page)), "")
	wechatPage := link(toPage.FindStringSubmatch(page))
	origin := wechatPage[:strings.Index(wechatPage, "/cgi-bin/")]
	page = get(wechatPage, w.site+"/") // as Referrer-Policy: origin has it
	account := toAccount.FindStringSubmatch(page)
	choice := link(account)
	done := get(origin+strings.Replace(choice, "/choice", "/confirm", 1)+"&set=1&set=8", "")
	if !strings.Contains(done, account[1]) || !strings.Contains(done, "web pages (网页服务)") {
		t.Errorf("got %s", done)
	}
	if !eventFirst {
		w.deliver()
	}
	if card := get(w.site+"/card?card_id=pCard&account="+url.QueryEscape(account[1]), ""); !strings.Contains(card, `"cardList"`) {
		t.Errorf("got %s", card)
	}
}

// TestReleaseInTheSandbox has the sandbox's tester try the platform, as WeChat's does before it is published.
func TestReleaseInTheSandbox(t *testing.T) {
	w := newWorld(t, sandbox.Switches{})
	for _, options := range []sandbox.ReleaseTest{{Pair: 1}, {Pair: 2, Event: true}, {Pair: 3, SameCode: true}, {Pair: 4, Silent: true}, {Pair: 5, Event: true, SameCode: true}} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		report, err := w.wechat.TestRelease(ctx, options)
		cancel()
		if err != nil || !report.Passed {
			t.Errorf("%+v: got %+v, %v", options, report, err)
		}
	}
}
