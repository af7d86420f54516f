package accounts_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

const appID = "wx00000000000000c1"

// newAdmin is an admin API that answers as it is told, and remembers what it was asked last.
func newAdmin(t *testing.T, status int, answer any) (address string, asked *string) {
	t.Helper()
	asked = new(string)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = r.Method + " " + r.RequestURI + " " + string(body)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(api.Close)
	return strings.TrimPrefix(api.URL, "http://"), asked
}

// file writes a file and gives its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestList(t *testing.T) {
	answer := admin.DataAccounts{Sources: []string{"file /a", "http https://shop.example"}, Accounts: []admin.DataAccount{
		{AppID: appID, Alias: "tea", Source: "file /a", InUse: true}, {AppID: "wx00000000000000c2", Source: "file \x1b[2J"},
	}}
	address, asked := newAdmin(t, http.StatusOK, answer)
	r := commandtest.Run(t, "", "accounts", "list", "--address", address)
	commandtest.Want(t, r, true, appID, "tea", "✓", "file /a", "–", "what http https://shop.example has is not listed")
	if *asked != "GET "+admin.AccountsPath+" " || strings.Contains(r.Stdout, "\x1b") {
		t.Errorf("asked %s, printed %q", *asked, r.Stdout)
	}
	r = commandtest.Run(t, "", "accounts", "list", "--json", "--address", address)
	var got admin.DataAccounts
	if err := json.Unmarshal([]byte(r.Stdout), &got); err != nil || len(got.Accounts) != 2 || r.Err != nil {
		t.Errorf("%v: got %s%v", err, r.Stdout, r.Err)
	}
	answer.Error = "file /a: the data of account wx00000000000000c3: the object is no JSON: it ends too early"
	address, _ = newAdmin(t, http.StatusBadGateway, answer)
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "list", "--address", address), false, appID, "wx00000000000000c3")
	address, _ = newAdmin(t, http.StatusOK, admin.DataAccounts{Accounts: []admin.DataAccount{}})
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "list", "--address", address), true, "no account is data")
	address, _ = newAdmin(t, http.StatusNotFound, map[string]string{"error": "no source of accounts is configured"})
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "list", "--address", address), false, "no source of accounts is configured")
}

func TestShow(t *testing.T) {
	address, asked := newAdmin(t, http.StatusOK, admin.ShownAccount{
		DataAccount: admin.DataAccount{AppID: appID, Source: "file /a"}, Shown: object.Shown{Secrets: []string{"app_secret"}},
	})
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "show", "tea", "--address", address), true, `"app_id": "`+appID+`"`, `"secrets": [`)
	if *asked != "GET "+admin.AccountsPath+"/tea " {
		t.Errorf("asked %s", *asked)
	}
}

func TestAdd(t *testing.T) {
	address, asked := newAdmin(t, http.StatusOK, admin.ShownAccount{DataAccount: admin.DataAccount{AppID: appID, Source: "file /a"}})
	object := `{"app_id":"` + appID + `","app_secret":"s"}`
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "add", file(t, "\xEF\xBB\xBF"+object), "--address", address), true, appID+" is written to: file /a")
	if want := "PUT " + admin.AccountsPath + "/" + appID + " " + object; *asked != want {
		t.Errorf("asked %s", *asked)
	}
	commandtest.Want(t, commandtest.Run(t, object, "accounts", "add", "-", "--source", "redis redis://h:1/0 a&b:", "--address", address), true)
	if want := "PUT " + admin.AccountsPath + "/" + appID + "?source=redis+redis%3A%2F%2Fh%3A1%2F0+a%26b%3A " + object; *asked != want {
		t.Errorf("asked %s", *asked)
	}
	address, _ = newAdmin(t, http.StatusBadRequest, map[string]string{"error": "app_secret is missing"})
	commandtest.Want(t, commandtest.Run(t, object, "accounts", "add", "-", "--address", address), false, "app_secret is missing")
}

func TestRemove(t *testing.T) {
	address, asked := newAdmin(t, http.StatusOK, map[string]string{"removed": appID, "app_id": appID, "source": "file /a"})
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "remove", appID, "--yes", "--address", address), true, appID+" is removed")
	if want := "DELETE " + admin.AccountsPath + "/" + appID + " "; *asked != want {
		t.Errorf("asked %s", *asked)
	}
	*asked = ""
	r := commandtest.Run(t, "y\n", "accounts", "remove", appID, "--address", address)
	if !r.Usage || strings.HasPrefix(*asked, "DELETE") {
		t.Errorf("nobody was asked: got %v, asked %s", r.Err, *asked)
	}
}

func TestRefresh(t *testing.T) {
	kinds := map[credential.Kind]*admin.RefreshedCredential{credential.AccessToken: {Refreshed: true, Expires: time.Now().Add(time.Hour)}}
	address, asked := newAdmin(t, http.StatusOK, admin.Refreshed{Accounts: map[string]map[credential.Kind]*admin.RefreshedCredential{appID: kinds}})
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "refresh", "tea", "--force", "--address", address), true, appID, "✓", "access_token")
	if want := "POST " + admin.AccountsPath + `/tea/refresh {"force":true}`; *asked != want {
		t.Errorf("asked %s", *asked)
	}
}

func TestSeal(t *testing.T) {
	key := strings.Repeat("k", 32)
	r := commandtest.Run(t, "s3cret\n", "accounts", "seal", "--key-file", file(t, key+"\n"))
	keys, err := sealed.New(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keys.Open(strings.TrimSpace(r.Stdout)); r.Err != nil || got != "s3cret" || err != nil {
		t.Errorf("got %s, %v, %v", r.Stdout, r.Err, err)
	}
	for name, args := range map[string][]string{
		"no key": {}, "missing": {"--key-file", "/nonexistent"}, "short": {"--key-file", file(t, "short")},
	} {
		if r := commandtest.Run(t, "s3cret", append([]string{"accounts", "seal"}, args...)...); !r.Usage || strings.Contains(r.Stdout+r.Stderr, "s3cret") {
			t.Errorf("%s: got %v %s%s", name, r.Err, r.Stdout, r.Stderr)
		}
	}
	if r := commandtest.Run(t, " \n", "accounts", "seal", "--key-file", file(t, key)); !r.Usage {
		t.Errorf("nothing to seal: got %v", r.Err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"drop"},
		{"list", "x"},
		{"show"},
		{"show", "../x"},
		{"show", "Tea"},
		{"add"},
		{"add", "/nonexistent"},
		{"remove"},
		{"remove", "tea"},
		{"refresh", "a/b"},
		{"export"},
		{"export", "-"},
		{"import", "-"},
		{"seal"},
	} {
		if r := commandtest.Run(t, "{}", append([]string{"accounts"}, args...)...); !r.Usage {
			t.Errorf("%v: got %v %s%s", args, r.Err, r.Stdout, r.Stderr)
		}
	}
	if r := commandtest.Run(t, `{"app_id":"tea"}`, "accounts", "add", "-"); !r.Usage {
		t.Errorf("no app_id: got %v", r.Err)
	}
}
