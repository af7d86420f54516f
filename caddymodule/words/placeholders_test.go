package words_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

const placeholderOption = "{\n\tadmin off\n\twechat_card wx0123456789abcdef s {\n\t\tstore off\n\t}\n}\n"

// TestUnknownPlaceholderAnywhere has one in a directive that is none of ours, of a site that has none of ours, in a file of its own.
func TestUnknownPlaceholderAnywhere(t *testing.T) {
	for name, site := range map[string]string{
		"header":       "header X-T {http.wechat_card.apiTicket}",
		"respond":      "respond \"ticket {http.wechat_card.apiTicket}\"",
		"in JSON":      "respond `{\"t\":\"{http.wechat_card.apiTicket}\"}`",
		"header_up":    "reverse_proxy 127.0.0.1:1 {\nheader_up X-T {http.wechat_card.apiTicket}\n}",
		"log_append":   "log_append t {http.wechat_card.apiTicket}",
		"a matcher":    "@t vars {http.wechat_card.apiTicket} x\nrespond @t ok",
		"in handle":    "handle /a/* {\nrespond {http.wechat_card.apiTicket}\n}",
		"on a failure": "handle_errors {\nrespond {http.wechat_card.apiTicket}\n}",
		"on an answer": "reverse_proxy 127.0.0.1:1 {\n@ok status 200\nhandle_response @ok {\nrespond {http.wechat_card.apiTicket}\n}\n}",
		"intercept":    "intercept {\n@ok status 200\nhandle_response @ok {\nrespond {http.wechat_card.apiTicket}\n}\n}\nrespond ok",
		"none":         "respond \\{http.wechat_card.apiTicket\\}",
		"a true one":   "header X-T \"{http.wechat_card.api_ticket}{http.wechat_card.phone_pure}{http.wechat_card.access_token of mini_program wx0000000000000001}\"",
		"another's":    "header X-T {http.wechat_cards.apiTicket}",
	} {
		t.Run(name, func(t *testing.T) {
			isFine := name == "none" || name == "a true one" || name == "another's"
			site := ":9080 {\n" + site + "\n}\n"
			line := 1 + strings.Count(site[:max(0, strings.Index(site, "{http.wechat_card"))], "\n")
			check := func(err error, wants ...string) {
				t.Helper()
				if (err == nil) != isFine {
					t.Errorf("%s\ngot %v", site, err)
				}
				for _, want := range wants {
					if err != nil && !strings.Contains(err.Error(), want) {
						t.Errorf("%s\ngot %v, which does not mention %s", site, err, want)
					}
				}
			}
			at := func(n int) string { return ":" + string(rune('0'+n/10)) + string(rune('0'+n%10)) }
			for file, text := range map[string]string{
				"whole":             placeholderOption + site,
				"imports":           placeholderOption + "import ../site\n",
				"without an option": "import ../site\n:9081 {\n\twechat_card /w/* cards p1\n}\n",
			} {
				if name == "none" && file != "whole" {
					continue // Caddy itself takes the escapes away when it imports
				}
				folder := filepath.Join(t.TempDir(), file)
				path := filepath.Join(folder, "Caddyfile")
				if err := os.Mkdir(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				for path, text := range map[string]string{path: text, filepath.Join(folder, "../site"): strings.Repeat("\n", 20) + site} {
					if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": path})
				where := filepath.Join(filepath.Dir(folder), "site") + at(20+line)
				if file == "whole" {
					where = path + at(strings.Count(placeholderOption, "\n")+line)
				}
				check(err, "did you mean api_ticket?", strings.ReplaceAll(where, ":0", ":"))
			}
			out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(placeholderOption+site), nil) // whose file is not there
			if err != nil {
				t.Fatal(err)
			}
			for range 6 { // Caddy loads apps in no order
				check(sitetest.Validate(string(out)), "did you mean api_ticket?", "at /apps/http/servers/srv0/")
			}
			out, _, err = caddyconfig.GetAdapter("caddyfile").Adapt([]byte(placeholderOption+site+":9081 {\nwechat_card cards p1\n}\n"), nil)
			if err != nil {
				t.Fatal(err)
			}
			check(sitetest.Validate(string(out)), "did you mean api_ticket?")
		})
	}
}

// TestFileOfAnotherName leaves files alone that have nothing to do with what is adapted.
func TestFileOfAnotherName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Caddyfile")
	const text = ":9080 {\n\twechat_card cards p1\n\theader X-T {http.wechat_card.apiTicket}\n}\n"
	if err := os.WriteFile(path, []byte("\n\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": path}); err != nil {
		t.Errorf("with another file, got %v", err)
	}
}

func TestPlaceholders(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "a{b": nil, "{a}": {"a"}, `\{a}`: nil, `\{a\}`: nil, `{"x":"{a}"}`: {`"x":"{a`, "a"}, "{a}-{b.c}": {"a", "b.c"},
	} {
		if got := words.Placeholders(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	raw := json.RawMessage(`{"a":["{x}",{"{y}":1}],"b":"\u007bhttp.\u0077echat_card.z}"}`)
	if got := words.PlaceholdersIn(raw); !slices.Equal(got, []string{"x", "y", "http.wechat_card.z"}) {
		t.Errorf("got %q", got)
	}
	if got := words.UnknownPlaceholders(raw); len(got) != 1 || got[0].At != "/b" {
		t.Errorf("got %v", got)
	}
}
