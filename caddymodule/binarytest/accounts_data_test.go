//go:build binary

package binarytest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// TestAccountsData puts accounts into a folder and takes them away, by hand and by commands, while Caddy runs.
func TestAccountsData(t *testing.T) {
	t.Parallel()
	const noodles, dumplings = "wx5a6d8b2c4e1f3a70", "wx6b7e9c3d5f2a4b81"
	w := runWeChat(t, "app "+noodles+" secret-of-noodles\n\tapp "+dumplings+" secret-of-dumplings")
	h := newHome(t)
	folder := filepath.Join(h.dir, "accounts")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	key := h.file(t, "seal_key", "seal-key-of-32-characters-and-more\n")
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", fmt.Sprintf(`{
	default_bind 127.0.0.1
	wechat_card {
		api %s
		proxy off
		accounts file %s
		seal_key {file.%s}
	}
}
:%s {
	wechat_card /addCard add_card {
		account {query.account}
		card *
	}
	wechat_card /cgi-bin/token credentials {
		account {query.appid}
		key key-of-the-route-16
	}
}
`, w.url, folder, key, port)))
	card := func(account string) error {
		resp, err := http.Get("http://127.0.0.1:" + port + "/addCard?card_id=pCouponOf" + account + "&account=" + account)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var answered struct {
			Reason string            `json:"reason"`
			Detail string            `json:"detail"`
			Cards  []json.RawMessage `json:"cardList"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&answered); err != nil {
			return err
		}
		if len(answered.Cards) != 1 {
			return &refused{resp.StatusCode, answered.Reason, answered.Detail}
		}
		if why := w.addCard(http.DefaultClient, answered.Cards[0]); why != "" {
			return fmt.Errorf("the phone: %s", why)
		}
		return nil
	}
	within := func(what, account string, wanted func(error) bool) {
		t.Helper()
		began := time.Now()
		for err := card(account); !wanted(err); err = card(account) {
			if time.Since(began) > time.Second {
				t.Errorf("after a second it is still not so that %s: %v", what, err)
				return
			}
			time.Sleep(150 * time.Millisecond)
		}
		t.Logf("%v until %s", time.Since(began), what)
	}
	seal := func(secret string) string {
		t.Helper()
		cmd, stdout, stderr := h.command(t, "wechat-card", "accounts", "seal", "--key-file", key)
		cmd.Stdin = strings.NewReader(secret + "\n")
		if err := cmd.Run(); err != nil || !strings.HasPrefix(stdout.String(), "sealed:") {
			t.Fatalf("accounts seal: %v\n%s%s", err, stdout, stderr)
		}
		return strings.TrimSpace(stdout.String())
	}

	within("nobody is known", noodles, isUnknown)
	c.wantTool(t, 0, []string{"no account is data"}, "accounts", "list")
	file := filepath.Join(folder, noodles+".json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(`{"app_id":%q,"alias":"noodles","key":"key-of-noodles-16","app_secret":%q}`, noodles, seal("secret-of-noodles")))
	within("what was put into the folder serves", noodles, signed)
	within("its alias does", "noodles", func(err error) bool { // whose card is another
		return err == nil
	})
	c.wantTool(t, 0, []string{noodles, "noodles", "file " + folder}, "accounts", "list")
	shown := c.wantTool(t, 0, []string{noodles, "app_secret", "access_token"}, "accounts", "show", "noodles")
	for _, secret := range []string{"secret-of-noodles", "sealed:", "key-of-noodles"} {
		if strings.Contains(shown, secret) {
			t.Errorf("show prints %s: %s", secret, shown)
		}
	}
	for secret, lends := range map[string]bool{"key-of-noodles-16": true, "key-of-the-route-16": false, "secret-of-noodles": false} {
		resp, err := http.Get("http://127.0.0.1:" + port + "/cgi-bin/token?grant_type=client_credential&appid=" + noodles + "&secret=" + secret)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if strings.Contains(string(body), `"access_token"`) != lends {
			t.Errorf("a token for %s: %s %s", secret, resp.Status, body)
		}
	}
	c.wantTool(t, 0, nil, "accounts", "refresh", noodles)
	c.wantTool(t, 0, nil, "status")
	write(`{"app_id":`)
	time.Sleep(700 * time.Millisecond)
	within("half a file does no harm", noodles, signed)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	within("what was removed is refused", noodles, isUnknown)

	object := h.file(t, "dumplings.json", fmt.Sprintf(`{"app_id":%q,"app_secret":%q}`, dumplings, seal("secret-of-dumplings")))
	c.wantTool(t, 0, []string{dumplings, "file " + folder}, "accounts", "add", object)
	within("what was added serves", dumplings, signed)
	if text := readFile(t, filepath.Join(folder, dumplings+".json")); !strings.Contains(text, "sealed:") {
		t.Errorf("it was written as %s", text)
	}
	c.wantTool(t, 2, []string{"app_id"}, "accounts", "add", h.file(t, "broken.json", `{"app_id":"noodles"}`))
	c.wantTool(t, 1, []string{"secret"}, "accounts", "add", h.file(t, "misspelt.json", fmt.Sprintf(`{"app_id":%q,"app_secrett":"x"}`, noodles)))
	c.wantTool(t, 0, []string{dumplings}, "accounts", "remove", dumplings, "--yes")
	within("what the command removed is refused", dumplings, isUnknown)
	c.wantTool(t, 1, []string{"no account of that name"}, "accounts", "remove", dumplings, "--yes")
	if log := c.log.String(); strings.Contains(log, "secret-of-") {
		t.Error("a secret is in the log")
	}
}
