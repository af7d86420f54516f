//go:build !nowechatredis

package caddymodule_test

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// asked is what a site answers.
func asked(server *caddyhttp.Server, method, url string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, url, nil)
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

// siteFolder has files of the given names, whose texts are their names.
func siteFolder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestSinglePageApplication sees that the page answers for all paths but the gateway's, and that a try_files for the whole site
// does what is said of it.
func TestSinglePageApplication(t *testing.T) {
	const heading = "A single-page application (try_files)"
	dir := siteFolder(t, "index.html", "app.js")
	backend := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "backend ", r.URL.Path) }
	server := recipeSite(t, heading, 0, backend, "/srv/shop", dir)
	for path, want := range map[string]string{
		"/": "index.html", "/app.js": "app.js", "/cart/7": "index.html", "/wechat/addCard": `{"cardList":[`, "/wechat/other": "backend /wechat/other",
	} {
		if w := asked(server, http.MethodGet, "https://shop.example.com"+path, nil); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), want) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
	hidden := recipeSite(t, heading, 0, backend, "/srv/shop", dir, "\thandle {\n", "\ttry_files {path} /index.html\n\troot "+dir+"\n\thandle {\n")
	if w := asked(hidden, http.MethodGet, "https://shop.example.com/wechat/addCard", nil); w.Code != http.StatusOK || w.Body.String() != "index.html" {
		t.Errorf("a try_files for the whole site: got %d %s", w.Code, w.Body)
	}
}

// TestPHPSite has a FastCGI program in PHP's place.
func TestPHPSite(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		_ = fcgi.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/") {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, `{"cardList":[{"cardId":"pjZ8Yt1XGILfi-FUsewpnnolGgZk","cardExt":{}}]}`)
				return
			}
			fmt.Fprint(w, "PHP ", r.URL.Path)
		}))
	}()
	server := recipeSite(t, "A PHP site (try_files)", 0, nil, "/srv/shop/public", siteFolder(t, "index.php", "logo.svg"), "127.0.0.1:9000", listener.Addr().String())
	for path, want := range map[string]string{
		"/cart": "PHP /cart", "/logo.svg": "logo.svg", "/wechat/addCard": `"cardExt":`, "/api/cards": `"cardExt":"{`,
	} {
		if w := asked(server, http.MethodGet, "https://shop.example.com"+path, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}

// TestIntercept sees that intercept changes refusals in a route, and none beside one.
func TestIntercept(t *testing.T) {
	const heading, url = "Answers of another shape (intercept)", "https://shop.example.com/wechat/addCard"
	in := recipeSite(t, heading, 0, nil)
	if w := asked(in, http.MethodGet, url, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"cardList"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w := asked(in, http.MethodGet, url+"?card_id=pOther", nil)
	if w.Code != http.StatusOK || w.Body.String() != `{"code":403,"msg":"no card for you"}` || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("Content-Length") != "" {
		t.Errorf("got %d %s %v", w.Code, w.Body, w.Header())
	}
	beside := recipeSite(t, heading, 0, nil, "\troute /wechat/addCard {\n", "", "wechat_card add_card", "wechat_card /wechat/addCard add_card", "\t\t}\n\t}\n\treverse_proxy", "\t\t}\n\treverse_proxy")
	if w := asked(beside, http.MethodGet, url+"?card_id=pOther", nil); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), problem.ReasonCardNotAllowed) {
		t.Errorf("beside it: got %d %s", w.Code, w.Body)
	}
}

// TestClaimsAsOpenid runs what stands behind caddy-jwt, with the placeholders that it sets from elsewhere.
func TestClaimsAsOpenid(t *testing.T) {
	const jwt = "\t\tjwtauth {\n\t\t\tsign_key {env.JWT_KEY}\n\t\t\tuser_claims sub\n\t\t\tmeta_claims openid\n\t\t}\n"
	server := recipeSite(t, "Claims of a JWT as openid", 0, nil, jwt, "\t\tmap {header.X-Claim} {http.auth.user.openid} {\n\t\t\t~(.+) $1\n\t\t}\n")
	for claim, want := range map[string]string{
		"oUser0123456789abcdefghijklm": `\"openid\":\"oUser0123456789abcdefghijklm\"`, "": problem.ReasonValueMissing, "17": problem.ReasonValueInvalid,
	} {
		if w := asked(server, http.MethodGet, "https://shop.example.com/wechat/myCard", http.Header{"X-Claim": {claim}}); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: got %d %s", claim, w.Code, w.Body)
		}
	}
}
