//go:build binary

package binarytest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runPHP serves a folder by PHP's own web server at port 8082 of p, so to speak.
func runPHP(t *testing.T, p ports, dir string) {
	t.Helper()
	address := "127.0.0.1:" + p["8082"]
	// without the cache, which would serve a script for two seconds more after another has taken its place
	cmd := exec.Command("php", "-d", "opcache.enable=0", "-d", "display_errors=stderr", "-d", "log_errors=0", "-S", address, "-t", dir)
	log := new(buffer)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if strings.Contains(log.String(), "PHP Warning") || strings.Contains(log.String(), "PHP Fatal") || t.Failed() {
			t.Errorf("log of php:\n%s", log)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("php does not serve:\n%s", log)
		}
	}
}

// The headings of the steps in docs/migrating.md.
const (
	step1 = "### 1. The gateway in front, the script unchanged"
	step2 = "### 2. Calls through `relay`"
	step3 = "### 3. The ticket from `inject`"
	step4 = "### 4. Signatures from `fill`"
	step5 = "### 5. Afterwards"
)

// legacyScript is a script of legacy/php that calls api in the place of https://api.weixin.qq.com.
func legacyScript(t *testing.T, p ports, name, api string) string {
	t.Helper()
	return p.replace(strings.Replace(readFile(t, "legacy/php/"+name), "https://api.weixin.qq.com", api, 1))
}

// TestLegacyPHP has an old PHP script and its successors behind the gateway, each at its step of docs/migrating.md. Credentials
// end three times; before and after, the script and the gateway hand out cards that the phone takes, and the
// script decrypts the codes of both.
func TestLegacyPHP(t *testing.T) {
	t.Parallel()
	needPrograms(t, "php")
	for _, tc := range []struct {
		name, script, step string
		rotation           int
		moved              bool // the script calls the gateway in the place of api.weixin.qq.com, by that change alone
		tokens             int  // that the script itself has of WeChat
	}{
		{name: "unchanged", script: "1-unchanged.php", step: step1, rotation: replaceStable, tokens: 1},
		{name: "another address alone", script: "1-unchanged.php", step: step2, rotation: endTokens, moved: true},
		{name: "relay", script: "2-relay.php", step: step2, rotation: endTokens},
		{name: "inject", script: "3-inject.php", step: step3, rotation: endAll},
		{name: "fill", script: "4-fill.php", step: step5, rotation: endAll},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			// long enough for the token that the script keeps, which at WeChat would be 7200 s
			w := runWeChat(t, fmt.Sprintf("app %s %s\nexpires_in 60", shopAppID, shopSecret))
			p := shopPorts(t)
			api := w.url
			if tc.moved {
				api = "http://127.0.0.1:" + p["8081"]
			}
			home := newHome(t)
			home.file(t, "shop.php", legacyScript(t, p, tc.script, api))
			runPHP(t, p, home.dir)
			s := runShop(t, w, recipe(t, tc.step, 0), p, "")

			for rotation := range 4 {
				if rotation > 0 {
					s.rotate(tc.rotation)
				}
				own := s.wantCard(fmt.Sprint("the gateway, rotation ", rotation), s.url("8080", "/wechat/addCard"))
				code := s.wantCard(fmt.Sprint("the script, rotation ", rotation), s.url("8080", "/shop.php?card_id="+shopCard))
				for _, code := range []string{own, code} {
					var plain struct{ Code string }
					body := get(t, s.url("8080", "/shop.php?encrypt_code="+url.QueryEscape(code)))
					if err := json.Unmarshal(body, &plain); err != nil || len(plain.Code) != 12 {
						t.Errorf("rotation %d: the script decrypted a code to %s", rotation, body)
					}
				}
			}
			calls := w.calls(t)
			if calls["/cgi-bin/stable_token"] < 4 || calls["/cgi-bin/token"] != tc.tokens {
				t.Errorf("calls of WeChat: %v", calls)
			}
		})
	}
}

// TestSwitchOver goes all steps of docs/migrating.md and all of them back, while users come: forth the Caddyfile before the script,
// back the script before the Caddyfile. Nobody gets a card that the phone refuses.
func TestSwitchOver(t *testing.T) {
	t.Parallel()
	needPrograms(t, "php")
	w := runWeChat(t, fmt.Sprintf("app %s %s", shopAppID, shopSecret))
	p := shopPorts(t)
	home := newHome(t)
	home.file(t, "shop.php", legacyScript(t, p, "1-unchanged.php", w.url))
	runPHP(t, p, home.dir)
	s := runShop(t, w, recipe(t, step1, 0), p, "")

	config := func(step string) { s.reload(t, s.home.file(t, "Caddyfile", shopConfig(w, recipe(t, step, 0), p, ""))) }
	script := func(name, api string) {
		next := home.file(t, "next.php", legacyScript(t, p, name, api))
		if err := os.Rename(next, filepath.Join(home.dir, "shop.php")); err != nil {
			t.Fatal(err)
		}
	}
	forget := func() {
		for _, name := range []string{"access_token", "api_ticket"} {
			if err := os.Remove(filepath.Join(home.dir, "cache_"+name+".json")); err != nil {
				t.Error(err)
			}
		}
	}
	gateway := "http://127.0.0.1:" + p["8081"]
	end := s.trade(t.Context(), "/shop.php?card_id="+shopCard)
	for i, change := range []func(){
		func() { config(step2) }, func() { script("1-unchanged.php", gateway) }, func() { script("2-relay.php", "") },
		func() { config(step3) }, func() { script("3-inject.php", "") },
		func() { config(step4) }, func() { script("4-fill.php", "") },
		func() { config(step5) }, func() { config(step4) },
		func() { script("3-inject.php", "") }, func() { config(step3) },
		func() { script("2-relay.php", "") }, func() { config(step2) },
		func() { script("1-unchanged.php", w.url); forget() }, func() { config(step1) },
	} {
		change()
		for range 3 {
			code := s.wantCard(fmt.Sprint("change ", i), s.url("8080", "/shop.php?card_id="+shopCard))
			if body := get(t, s.url("8080", "/shop.php?encrypt_code="+url.QueryEscape(code))); strings.Contains(string(body), "null") {
				t.Errorf("change %d: the script decrypted a code to %s", i, body)
			}
		}
	}
	end()
	if calls := w.calls(t); calls["/cgi-bin/token"] != 2 || calls["/cgi-bin/stable_token"] != 1 {
		t.Errorf("calls of WeChat: %v", calls)
	}
}
