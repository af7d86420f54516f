package page

import (
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"
)

// get asks for a file as a browser on this machine would, which has it already if etag is not empty.
func get(name, etag string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", "/_sandbox/page/"+name, nil)
	req.RemoteAddr, req.Host = "127.0.0.1:4711", "localhost:8081"
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	w := httptest.NewRecorder()
	Serve(w, req, name)
	return w
}

func TestPageFiles(t *testing.T) {
	if len(files()) < 10 {
		t.Fatalf("the page has %d files", len(files()))
	}
	for name, f := range files() {
		w := get(name, "")
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != f.contentType || f.contentType == "" || w.Body.Len() != len(f.body) {
			t.Errorf("%s: got %d %q", name, w.Code, h.Get("Content-Type"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'") ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: got header %v", name, h)
		}
		if again := get(name, h.Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s asked for again: got %d", name, again.Code)
		}
		if outside := regexp.MustCompile(`(?i)(src|href|url\(|import)[^\n]{0,9}(https?:)?//[a-z]`).Find(f.body); outside != nil {
			t.Errorf("%s loads something from elsewhere: %s", name, outside)
		}
		if inline := regexp.MustCompile(`(?i)<style|\sstyle=|<script>|\son[a-z]+="`).Find(f.body); inline != nil {
			t.Errorf("%s has something inline, which its policy forbids: %s", name, inline)
		}
	}
}

// TestVersion sees that the page says which version it is of.
func TestVersion(t *testing.T) {
	if body := get("index.html", "").Body.String(); !strings.Contains(body, ">caddy-wechat-card "+version.String()+"<") || strings.Contains(body, "{version}") {
		t.Errorf("got %s", body)
	}
}

// TestTexts compares what the page says in both languages with each other and with what its code asks for.
func TestTexts(t *testing.T) {
	text := string(files()["texts.js"].body)
	en, zh, found := strings.Cut(text, "const zh = {")
	if !found {
		t.Fatal("texts.js has another form")
	}
	entry := regexp.MustCompile(`(?m)^  '([^']+)': '((?:[^'\\]|\\.)*)',$`)
	read := func(text string) map[string]string {
		texts := make(map[string]string)
		for _, m := range entry.FindAllStringSubmatch(text, -1) {
			if _, twice := texts[m[1]]; twice {
				t.Errorf("%s is there twice", m[1])
			}
			texts[m[1]] = m[2]
		}
		return texts
	}
	english, chinese := read(en), read(zh)
	if len(english) < 100 {
		t.Fatalf("got %d texts", len(english))
	}
	blanks := regexp.MustCompile(`\{\w+\}`)
	for key, text := range english {
		other, found := chinese[key]
		switch have, want := blanks.FindAllString(other, -1), blanks.FindAllString(text, -1); {
		case !found:
			t.Errorf("%s has no Chinese", key)
		case text == "":
			t.Errorf("%s is empty", key)
		case other == "" && !strings.HasPrefix(key, "gloss."):
			t.Errorf("%s is empty in Chinese", key)
		default:
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("%s: %v in Chinese, %v in English", key, have, want)
			}
		}
	}
	for key := range chinese {
		if _, found := english[key]; !found {
			t.Errorf("%s has no English", key)
		}
	}
	used := regexp.MustCompile(`(?:\bt\(|data-t="|row\()['"]?([a-z][A-Za-z.]*)['"]`)
	for name, f := range files() {
		for _, m := range used.FindAllStringSubmatch(string(f.body), -1) {
			if _, found := english[m[1]]; !found && name != "texts.js" {
				t.Errorf("%s asks for the text %q", name, m[1])
			}
		}
	}
}

// TestNoCommands sees that the page has no word of a command line, which its users need not have: neither in its own texts nor
// in what the inspector passes on.
func TestNoCommands(t *testing.T) {
	commands := regexp.MustCompile(`(?i)caddy|xcaddy|wechat-card|--[a-z]|\bterminal\b|\bcommand|\bshell\b|\bdoctor\b|命令|终端`)
	text := string(files()["texts.js"].body)
	for line := range strings.SplitSeq(text, "\n") {
		if found := commands.FindString(line); found != "" && !strings.Contains(line, "'routes.about'") { // which names the Caddyfile
			t.Errorf("%q in %s", found, line)
		}
	}
	for _, id := range report.IDs() {
		f := report.New(id, "", "")
		own := strings.Count(text, "'fix."+string(id)+"': '")
		switch says := commands.FindString(f.Fix.EN + f.Fix.ZH); {
		case says != "" && own != 2:
			t.Errorf("the inspector says %q for %s, and texts.js has nothing in its place", says, id)
		case says == "" && own != 0:
			t.Errorf("texts.js needs nothing for %s", id)
		case commands.MatchString(f.Title.EN + f.Title.ZH):
			t.Errorf("the inspector says %s", f.Title.EN)
		}
	}
}

// TestModulesHaveNoCircle sees that no module needs itself by way of others.
func TestModulesHaveNoCircle(t *testing.T) {
	needs := regexp.MustCompile(`(?m)^import [^;]*'\./(\w+\.js)';$`)
	var visit func(name string, way []string)
	visit = func(name string, way []string) {
		if slices.Contains(way, name) {
			t.Fatalf("a circle: %s", strings.Join(append(way, name), " -> "))
		}
		f, found := files()[name]
		if !found {
			t.Fatalf("there is no %s, which %v needs", name, way)
		}
		for _, m := range needs.FindAllStringSubmatch(string(f.body), -1) {
			visit(m[1], append(slices.Clone(way), name))
		}
	}
	for name := range files() {
		if strings.HasSuffix(name, ".js") {
			visit(name, nil)
		}
	}
}
