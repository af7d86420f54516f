package admin_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

const (
	teaID    = "wx00000000000000c1"
	coffeeID = "wx00000000000000c2"
)

// data is the object of an account.
func data(appID, alias string) string {
	return `{"app_id":"` + appID + `","alias":"` + alias + `","key":"0123456789abcdef","app_secret":"` + sitetest.Secret + `"}`
}

func TestAccountsThatAreData(t *testing.T) {
	standIn, api := sitetest.NewAPI(t)
	dir := t.TempDir()
	write := func(appID, text string) {
		if err := os.WriteFile(filepath.Join(dir, appID+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(teaID, data(teaID, "tea"))
	source := "file " + dir
	site := sitetest.Run(t, api, "accounts "+source+"\n"+sitetest.AccountOption("default", sitetest.AppID), "wechat_card add_card {\naccount {query.shop}\ncard *\n}")
	card := func(shop string) int { return sitetest.Get(t, site+"/?card_id=p1&shop="+shop) }

	var list admin.DataAccounts
	if code := sitetest.Admin(t, admin.AccountsPath, http.MethodGet, "", &list); code != http.StatusOK || len(list.Accounts) != 1 || list.Sources[0] != source ||
		list.Accounts[0] != (admin.DataAccount{AppID: teaID, Alias: "tea", Source: source}) {
		t.Fatalf("got %d %+v", code, list)
	}
	var shown admin.ShownAccount
	if code := sitetest.Admin(t, admin.AccountsPath+"/tea", http.MethodGet, "", &shown); code != http.StatusOK || shown.AppID != teaID || shown.InUse ||
		strings.Join(shown.Secrets, " ") != "app_secret key" || shown.Credentials != nil {
		t.Errorf("got %d %+v", code, shown)
	}

	// In use it shows its credentials, and has them fetched anew.
	if code := card("tea"); code != http.StatusOK {
		t.Fatalf("got %d", code)
	}
	shown = admin.ShownAccount{}
	sitetest.Admin(t, admin.AccountsPath+"/"+teaID, http.MethodGet, "", &shown)
	if ticket := shown.Credentials[credential.APITicket]; !shown.InUse || ticket.State != credential.Fresh || !ticket.Needed {
		t.Errorf("got %+v", shown)
	}
	before := standIn.Calls()["/cgi-bin/ticket/getticket"]
	var refreshed admin.Refreshed
	if code := sitetest.Admin(t, admin.AccountsPath+"/tea/refresh", http.MethodPost, "", &refreshed); code != http.StatusOK ||
		!refreshed.Accounts[teaID][credential.APITicket].Refreshed || standIn.Calls()["/cgi-bin/ticket/getticket"] == before {
		t.Errorf("got %d %+v", code, refreshed)
	}

	// A new one is served at once, and a removed one no more.
	if code := card("coffee"); code != http.StatusForbidden {
		t.Errorf("before: got %d", code)
	}
	var raw json.RawMessage
	if code := sitetest.Admin(t, admin.AccountsPath+"/"+coffeeID, http.MethodPut, data(coffeeID, "coffee"), &raw); code != http.StatusOK ||
		strings.Contains(string(raw), sitetest.Secret) || strings.Contains(string(raw), "0123456789abcdef") || !strings.Contains(string(raw), `"alias":"coffee"`) {
		t.Errorf("got %d %s", code, raw)
	}
	if code := card("coffee"); code != http.StatusOK {
		t.Errorf("added: got %d", code)
	}
	var removed admin.RemovedAccount
	if code := sitetest.Admin(t, admin.AccountsPath+"/"+coffeeID, http.MethodDelete, "", &removed); code != http.StatusOK || removed.Removed != coffeeID {
		t.Errorf("got %d %+v", code, removed)
	}
	if code := card("coffee"); code != http.StatusForbidden {
		t.Errorf("removed: got %d", code)
	}

	for _, tc := range []struct {
		path, method, body string
		want               int
	}{
		{"", http.MethodPost, "", 405},
		{"/tea", http.MethodPost, "", 405},
		{"/tea/refresh", http.MethodGet, "", 405},
		{"/tea/refresh", http.MethodPost, "{", 400},
		{"/tea/refresh", http.MethodPost, `{"account":"tea"}`, 400},
		{"/milk", http.MethodGet, "", 404},
		{"/milk/refresh", http.MethodPost, "", 404},
		{"/default", http.MethodGet, "", 404}, // is configured
		{"/", http.MethodGet, "", 404},
		{"/..%2ftea", http.MethodGet, "", 404},
		{"/tea/more", http.MethodGet, "", 404},
		{"/" + coffeeID, http.MethodDelete, "", 404},
		{"/tea", http.MethodDelete, "", 404}, // by its app_id alone
		{"/" + coffeeID, http.MethodPut, data(teaID, "x"), 400},
		{"/" + coffeeID, http.MethodPut, data(coffeeID, "tea"), 400},
		{"/" + coffeeID, http.MethodPut, "{", 400},
		{"/" + coffeeID, http.MethodPut, strings.Repeat(" ", 1<<20), 400},
		{"/" + coffeeID + "?source=elsewhere", http.MethodPut, data(coffeeID, "x"), 400},
		{"/coffee", http.MethodPut, data(coffeeID, "coffee"), 400},
	} {
		if got := sitetest.Admin(t, admin.AccountsPath+tc.path, tc.method, tc.body, nil); got != tc.want {
			t.Errorf("%s %s %.60s: got %d, want %d", tc.method, tc.path, tc.body, got, tc.want)
		}
	}

	// What cannot be read is named, beside what can be.
	write(coffeeID, "{")
	list = admin.DataAccounts{}
	if code := sitetest.Admin(t, admin.AccountsPath, http.MethodGet, "", &list); code != http.StatusBadGateway || len(list.Accounts) != 1 || !strings.Contains(list.Error, coffeeID) {
		t.Errorf("got %d %+v", code, list)
	}
	if code := sitetest.Admin(t, admin.AccountsPath+"/"+coffeeID, http.MethodGet, "", nil); code != http.StatusBadGateway {
		t.Errorf("got %d", code)
	}
	if code := sitetest.Admin(t, admin.AccountsPath+"/"+coffeeID, http.MethodDelete, "", &removed); code != http.StatusOK {
		t.Errorf("got %d", code)
	}
}

func TestNoAccountsThatAreData(t *testing.T) {
	_, api := sitetest.NewAPI(t)
	sitetest.Run(t, api, sitetest.AccountOption("default", sitetest.AppID), "respond ok")
	for _, path := range []string{admin.AccountsPath, admin.AccountsPath + "/tea"} {
		if code := sitetest.Admin(t, path, http.MethodGet, "", nil); code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, code)
		}
	}
}
