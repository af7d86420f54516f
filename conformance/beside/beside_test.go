// Package beside_test runs the recipes of docs/recipes.md that want other plugins of Caddy, with these plugins. It is a module of its
// own, so that nobody who builds the gateway has their hundreds of dependencies in his go.sum.
package beside_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	_ "github.com/caddyserver/cache-handler"
	dockerlabels "github.com/lucaslorentz/caddy-docker-proxy/v2/caddyfile"
	_ "github.com/mholt/caddy-ratelimit"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const pushKey = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

// recipe is the block of a language below a heading of docs/recipes.md, which must name the version that go.mod has of a plugin.
func recipe(t *testing.T, heading, lang, plugin string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n## "+heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	block := regexp.MustCompile("(?ms)^```" + lang + "\n(.*?)^```$").FindStringSubmatch(below)
	if !found || block == nil {
		t.Fatalf("docs/recipes.md has no %s below %q", lang, heading)
	}
	modules, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^\t` + plugin + ` (v\S+)$`).FindStringSubmatch(string(modules))
	if version == nil || !strings.Contains(below, plugin+"@"+version[1]) {
		t.Errorf("%q does not name the version of %s that is tested: %q", heading, plugin, version)
	}
	return block[1]
}

// run serves a recipe with a WeChat and a backend of its own.
func run(t *testing.T, config string, backend http.HandlerFunc) *caddyhttp.Server {
	t.Helper()
	wechat := httptest.NewServer(sandbox.New(sandbox.Config{}))
	t.Cleanup(wechat.Close)
	behind := httptest.NewServer(backend)
	t.Cleanup(behind.Close)
	for _, name := range []string{"WECHAT_APP_SECRET", "MINI_PROGRAM_SECRET", "WECHAT_PUSH_TOKEN", "WECHAT_PUSH_KEY"} {
		t.Setenv(name, pushKey)
	}
	config = strings.ReplaceAll(config, "127.0.0.1:3000", strings.TrimPrefix(behind.URL, "http://"))
	config = strings.Replace(config, "{\n", "{\n\tadmin off\n\tstorage file_system "+t.TempDir()+"\n\twechat_card {\n\t\tapi "+wechat.URL+"\n\t\tstore off\n\t}\n", 1)
	app, err := sitetest.Provision(t, config).App("http")
	if err != nil {
		t.Fatal(err)
	}
	return app.(*caddyhttp.App).Servers["srv0"]
}

func serve(server *caddyhttp.Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

func get(server *caddyhttp.Server, path string) *httptest.ResponseRecorder {
	return serve(server, httptest.NewRequest(http.MethodGet, "https://shop.example.com"+path, nil))
}

// TestRateLimit sees that clients have their bound, and WeChat, which comes from few addresses, has none.
func TestRateLimit(t *testing.T) {
	messages := 0
	server := run(t, recipe(t, `So many requests a client (rate limit)`, "text", "github.com/mholt/caddy-ratelimit"), func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/wechat/push") {
			messages++
		}
	})
	for i := range 31 {
		want := http.StatusOK
		if i == 30 {
			want = http.StatusTooManyRequests
		}
		if w := get(server, "/wechat/addCard"); w.Code != want {
			t.Fatalf("request %d: got %d %s", i+1, w.Code, w.Body)
		}
	}
	receiver, err := push.New(push.Config{Token: pushKey, EncodingAESKey: pushKey})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		message := fmt.Appendf(nil, "<xml><MsgType>event</MsgType><Event>user_get_card</Event><FromUserName>%d</FromUserName></xml>", i)
		query, body := receiver.Again(message, push.XML, "wx5a6d8b2c4e1f3a70", time.Now())
		if w := serve(server, httptest.NewRequest(http.MethodPost, "https://shop.example.com/wechat/push?"+query.Encode(), bytes.NewReader(body))); w.Code != http.StatusOK {
			t.Fatalf("message %d: got %d %s", i+1, w.Code, w.Body)
		}
	}
	if messages != 60 {
		t.Errorf("%d messages arrived", messages)
	}
}

// TestCache sees that pages are kept, and that no signature is.
func TestCache(t *testing.T) {
	fetched := 0
	server := run(t, recipe(t, "A cache in the same Caddy", "text", "github.com/caddyserver/cache-handler"), func(w http.ResponseWriter, _ *http.Request) {
		fetched++
		w.Header().Set("Cache-Control", "public, max-age=60")
		fmt.Fprint(w, "page")
	})
	signed := make(map[string]bool)
	for range 5 {
		if w := get(server, "/catalogue/1"); w.Code != http.StatusOK || w.Body.String() != "page" {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		w := get(server, "/wechat/addCard")
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Cache-Status") != "" {
			t.Errorf("got %d %s %v", w.Code, w.Body, w.Header())
		}
		signed[w.Body.String()] = true
	}
	if fetched != 1 || len(signed) != 5 {
		t.Errorf("the page was fetched %d times, %d signatures of 5 differ", fetched, len(signed))
	}
}

// TestDockerLabels has docker-proxy make a Caddyfile of the labels, as it does of all containers that it sees.
func TestDockerLabels(t *testing.T) {
	text := recipe(t, "Labels of containers (docker-proxy)", "yaml", "github.com/lucaslorentz/caddy-docker-proxy/v2")
	all := dockerlabels.CreateContainer()
	upstreams := template.FuncMap{"upstreams": func(port int) string { return fmt.Sprint("127.0.0.1:", port) }}
	for _, service := range strings.Split(text, "    labels:\n")[1:] {
		labels := make(map[string]string)
		for _, m := range regexp.MustCompile(`(?m)^ {6}(caddy\S*): (.*)$`).FindAllStringSubmatch(service, -1) {
			labels[m[1]] = strings.Trim(m[2], `"`)
		}
		container, err := dockerlabels.FromLabels(labels, nil, upstreams)
		if err != nil || len(labels) < 3 {
			t.Fatalf("%v: %v", labels, err)
		}
		all.Merge(container)
	}
	config := string(all.Marshal())
	server := run(t, config, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "backend ", r.Header.Get("X-Mini-Openid"))
	})
	for path, want := range map[string]string{
		"/wechat/addCard": `"cardExt":`, "/cart": "backend ",
		"/wechat/openCard?card_id=pOther": `"reason":"card_not_allowed"`,
		"/api/me":                         `"detail":"js_code is missing"`, // so login is asked before the backend
	} {
		if w := get(server, path); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s, of\n%s", path, w.Code, w.Body, config)
		}
	}
}
