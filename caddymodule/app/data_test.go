package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// dataID is the app_id of an account that is data.
const dataID = "wx00000000000000d1"

// folder is a folder of accounts.
type folder struct {
	t    testing.TB
	path string
}

func newFolder(t testing.TB) folder { return folder{t, t.TempDir()} }

// put writes an account, as who has a text editor would: what is more than its app_id and secret is JSON.
func (f folder) put(appID, more string) {
	f.t.Helper()
	text := fmt.Sprintf(`{"app_id":%q,"app_secret":%q%s}`, appID, sitetest.Secret, more)
	beside := filepath.Join(f.path, ".new")
	if err := os.WriteFile(beside, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(beside, filepath.Join(f.path, appID+".json")); err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) remove(appID string) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.path, appID+".json")); err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) site(directives string) *sitetest.Site {
	f.t.Helper()
	return sitetest.NewWith(f.t, "accounts file "+f.path, directives)
}

// within waits until check holds, for a second at most.
func within(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Second); !check(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("not within a second: %s", what)
			return
		}
	}
}

const dataSite = `
	wechat_card /any add_card {
		account {query.a}
		card *
	}
	wechat_card /fixed add_card {
		account ` + dataID + `
		card *
	}
	wechat_card /alias add_card {
		account shop7
		card *
	}
`

func TestAccountsThatAreData(t *testing.T) {
	sitetest.CheckPool(t)
	f := newFolder(t)
	f.put(dataID, `,"alias":"shop7"`)
	s := f.site(dataSite)
	for _, target := range []string{"/any?card_id=p1&a=" + dataID, "/any?card_id=p1&a=shop7", "/fixed?card_id=p1", "/alias?card_id=p1"} {
		if got := s.Phone("addCard", s.Get(target).Body.String()); !strings.Contains(got, `"errMsg":"addCard:ok"`) {
			t.Errorf("%s: the phone says %s", target, got)
		}
	}
	if calls := s.WeChat.Calls(); calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("got calls %v", calls)
	}
	for _, name := range []string{
		"wx00000000000000d2", "shop8", "..", "../" + dataID, dataID + ".json", "*", "wx*", "SHOP7", strings.ToUpper(dataID), "a\x00b",
		strings.Repeat("a", 64), "shop7 ", "%2e%2e",
	} {
		problemtest.Want(t, s.Get("/any?card_id=p1&a="+url.QueryEscape(name)), http.StatusForbidden, "account_unknown", "there is no such account")
	}
	problemtest.Want(t, s.Get("/any?card_id=p1"), http.StatusForbidden, "value_missing", "the account's name came out empty")

	// a configured account is one by its app_id, too
	s.Cards(s.Get("/any?card_id=p1&a=" + sitetest.AppID))
	if account, entry, err := s.App.Find(t.Context(), sitetest.AppID, ""); err != nil || account != s.App.Account("default") || entry.AppID != "" {
		t.Errorf("got %v, %v, %v", account, entry, err)
	}

	f.put("wx00000000000000d2", "")
	within(t, "a new account", func() bool {
		return s.Do(sitetest.Request{Target: "/any?card_id=p1&a=wx00000000000000d2", From: "127.0.0.1"}).Code == http.StatusOK
	})
	f.remove(dataID)
	within(t, "an account that was removed", func() bool { return s.Get("/any?card_id=p1&a="+dataID).Code == http.StatusForbidden })
	problemtest.Want(t, s.Get("/alias?card_id=p1"), http.StatusForbidden, "account_unknown", "there is no such account")
}

// TestDataThatChange: what is changed holds, what cannot be used does not.
func TestDataThatChange(t *testing.T) {
	f := newFolder(t)
	f.put(dataID, "")
	s := f.site(dataSite)
	first, _, err := s.App.Find(t.Context(), dataID, "")
	if err != nil {
		t.Fatal(err)
	}
	token, err := first.Credential(t.Context(), credential.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	f.put(dataID, `,"limit":{"decrypt":7},"alias":"shop7"`)
	within(t, "another account of changed data", func() bool {
		second, entry, err := s.App.Find(t.Context(), "shop7", "")
		if err != nil || second == first || entry.Alias != "shop7" {
			return false
		}
		again, err := second.Credential(t.Context(), credential.AccessToken)
		return err == nil && again == token // what outlives its data
	})
	// its mini_program is itself, with another secret: no account can be made of that
	f.put(dataID, `,"alias":"shop8","mini_program":[{"app_id":"`+dataID+`","app_secret":"another"}]`)
	within(t, "the account of the data before serves", func() bool {
		_, entry, err := s.App.Find(t.Context(), "shop8", "")
		return err == nil && entry.Alias == "shop8"
	})
	if w := s.Get("/fixed?card_id=p1"); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestDataOfNoUse has an account that nothing good is known of.
func TestDataOfNoUse(t *testing.T) {
	f := newFolder(t)
	f.put(dataID, `,"mini_program":[{"app_id":"`+dataID+`","app_secret":"another"}]`)
	s := f.site(dataSite)
	problemtest.Want(t, s.Get("/fixed?card_id=p1"), http.StatusServiceUnavailable, "credential_unavailable", "the account cannot be looked up at the moment")
	if _, _, err := s.App.Find(t.Context(), dataID, ""); err == nil || strings.Contains(err.Error(), "another") && strings.Contains(err.Error(), sitetest.Secret) {
		t.Errorf("got %v", err)
	}
	// a mini program has no cards
	f.put("wx00000000000000d2", `,"mini_program":[{"app_id":"wx00000000000000d2","app_secret":"`+sitetest.Secret+`"}]`)
	problemtest.Want(t, s.Get("/any?card_id=p1&a=wx00000000000000d2"), http.StatusForbidden, "account_unknown", "the account will not do for what is asked here")
}

// TestLogNamesData: what is logged of a request names the account that it was for.
func TestLogNamesData(t *testing.T) {
	lines := sitetest.Logs(t)
	f := newFolder(t)
	f.put(dataID, `,"alias":"shop7"`)
	s := f.site(dataSite)
	if err := s.WeChat.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 40164}); err != nil {
		t.Fatal(err)
	}
	if got := s.Get("/any?card_id=p1&a=shop7"); got.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	for _, line := range lines() {
		if line["msg"] == "wechat card request failed" && line["app_id"] == dataID {
			return
		}
	}
	t.Errorf("got %v", lines())
}

// TestUnknownIsDirectorys: what Find says of an unknown name is what commands and the admin API look for.
func TestUnknownIsDirectorys(t *testing.T) {
	s := sitetest.New(t, "")
	if s.App.Directory() != nil {
		t.Error("there is a directory without sources")
	}
	if _, _, err := s.App.Find(t.Context(), dataID, ""); err != directory.ErrUnknown { //nolint:errorlint // it is that itself
		t.Errorf("got %v", err)
	}
}

// TestReloadTakesDataOver: an account that is in use before a reload is afterwards, and asks for nothing again.
func TestReloadTakesDataOver(t *testing.T) {
	sitetest.CheckPool(t)
	f := newFolder(t)
	f.put(dataID, "")
	wechat, api := sitetest.NewAPI(t)
	address := freeport.Address(t)
	load := func(i int) {
		t.Helper()
		config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(fmt.Appendf(nil, `{
	admin off
	persist_config off
	storage file_system %s
	log {
		output discard
	}
	wechat_card {
		api %s
		store off
		accounts file %s
	}
}
http://%s {
	bind 127.0.0.1
	wechat_card add_card {
		account {query.a}
		card p1 {
			outer_str load-%d
		}
	}
}`, t.TempDir(), api, f.path, address, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := caddy.Load(config, true); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	for i := range 3 {
		load(i)
		if i > 0 {
			within(t, "the account is in use", func() bool { return len(activeApp(t).DataInUse()) == 1 })
		}
		if code := sitetest.Get(t, "http://"+address+"/?a="+dataID); code != http.StatusOK {
			t.Errorf("got status %d", code)
		}
	}
	wantCalls(t, wechat, 1)
}

func activeApp(t *testing.T) *app.App {
	t.Helper()
	loaded, err := caddy.ActiveContext().App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	return loaded.(*app.App)
}

func wantCalls(t *testing.T, wechat *sandbox.Sandbox, tokens int) {
	t.Helper()
	if calls := wechat.Calls(); calls["/cgi-bin/stable_token"] != tokens {
		t.Errorf("got calls %v, want %d tokens", calls, tokens)
	}
}

// TestDataThatNobodyAsksFor: what nobody has asked for within a day takes nothing any more, and what is gone no longer than it is looked at.
func TestDataThatNobodyAsksFor(t *testing.T) {
	sitetest.CheckPool(t)
	const other = "wx00000000000000d2"
	f := newFolder(t)
	f.put(dataID, "")
	f.put(other, "")
	s := f.site(dataSite)
	inUse := func() string { return strings.Join(s.App.DataInUse(), " ") }
	for _, appID := range []string{dataID, other} {
		s.Cards(s.Get("/any?card_id=p1&a=" + appID))
	}
	before := len(app.PoolReferences())
	s.App.SweepData(t.Context(), 23*time.Hour)
	if got := inUse(); got != dataID+" "+other {
		t.Errorf("within a day: %s are in use", got)
	}
	f.remove(other)
	within(t, "one that is gone", func() bool {
		s.App.SweepData(t.Context(), time.Hour)
		return inUse() == dataID
	})
	s.App.SweepData(t.Context(), 24*time.Hour)
	within(t, "nothing is held", func() bool { return inUse() == "" && len(app.PoolReferences()) == before-2 })
	s.Cards(s.Get("/fixed?card_id=p1"))
}

// BenchmarkCardOfData signs a card of an account that is data, and one of a configured account on the same route.
func BenchmarkCardOfData(b *testing.B) {
	f := newFolder(b)
	f.put(dataID, "")
	s := f.site(dataSite)
	for name, account := range map[string]string{"data": dataID, "configured": "default"} {
		b.Run(name, func(b *testing.B) { sitetest.Benchmark(b, s, "/any?card_id=p1&a="+account) })
	}
}
