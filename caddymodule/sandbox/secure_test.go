package sandbox

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/keys"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"

	"github.com/caddyserver/caddy/v2"
)

// TestSandboxSecure configures API 安全, with keys in files, and calls what is answered.
func TestSandboxSecure(t *testing.T) {
	const appID = "wx00000000000000b1"
	for _, suite := range securetest.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			dir := t.TempDir()
			file := func(name, text string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return "{file." + path + "}"
			}
			with := &Secure{
				Keys: keys.Keys{
					SymmetricKey: keys.Key{Number: "s", Key: file("s", suite.Symmetric)}, PrivateKey: keys.Key{Number: "p", Key: file("p", suite.WeChat.Private)},
					Certificate: map[string]string{"o": file("o", suite.Own.Public)},
				},
				DeprecatedKey: keys.Key{Number: "p0", Key: file("p0", suite.Older.Private)},
			}
			ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
			defer cancel()
			s := &Sandbox{Secure: map[string]*Secure{appID: with}}
			if err := s.Provision(ctx); err != nil {
				t.Fatal(err)
			}
			key := s.poolKey
			defer func() { _ = s.Cleanup() }()
			do := func(target, body string, header http.Header) *httptest.ResponseRecorder {
				r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
				maps.Copy(r.Header, header)
				w := httptest.NewRecorder()
				if err := s.ServeHTTP(w, r, nil); err != nil {
					t.Fatal(err)
				}
				return w
			}
			w := do("/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"`+appID+`","secret":"x"}`, nil)
			_, after, _ := strings.Cut(w.Body.String(), `"access_token":"`)
			token, _, _ := strings.Cut(after, `"`)

			own, err := secure.New(secure.Config{
				SymmetricKey: suite.Symmetric, SymmetricNumber: "s", PrivateKey: suite.Own.Private, AsymmetricNumber: "o",
				Certificates: map[string]string{"p0": suite.Older.Public},
			})
			if err != nil {
				t.Fatal(err)
			}
			ch := own.Of(appID, time.Now)
			const path = "/cgi-bin/openapi/quota/get"
			call, err := ch.Seal(path, nil, []byte(`{"cgi_path":"/card/get"}`))
			if err != nil {
				t.Fatal(err)
			}
			w = do(path+"?access_token="+token, string(call.Body), call.Header)
			answer, plain, err := ch.Open(path, w.Header(), w.Body.Bytes())
			if err != nil || plain || !strings.Contains(string(answer), `"daily_limit"`) {
				t.Errorf("got %s, %v of %s", answer, err, w.Body)
			}
			// a call that is taken for another
			w = do("/cgi-bin/clear_quota?access_token="+token, string(call.Body), call.Header)
			if answer, plain, err := ch.Open("/cgi-bin/clear_quota", w.Header(), w.Body.Bytes()); err != nil || !plain || !strings.Contains(string(answer), "40234") {
				t.Errorf("got %s, %v", answer, err)
			}

			// another key in the file is another sandbox; none is an error
			_ = file("s", securetest.Suites()[0].Symmetric[:24])
			if err := (&Sandbox{Secure: s.Secure}).Provision(ctx); err == nil || strings.Contains(err.Error(), suite.Symmetric) {
				t.Errorf("got %v", err)
			}
			_ = file("s", suite.Symmetric+" ")
			_ = file("p0", suite.WeChat.Private)
			other := &Sandbox{Secure: s.Secure}
			if err := other.Provision(ctx); err != nil || other.poolKey == key {
				t.Errorf("got %v", err)
			}
			_ = other.Cleanup()
			if err := os.Remove(filepath.Join(dir, "p")); err != nil {
				t.Fatal(err)
			}
			if err := (&Sandbox{Secure: s.Secure}).Provision(ctx); err == nil || !strings.Contains(err.Error(), "private_key") {
				t.Errorf("got %v", err)
			}
		})
	}
}
