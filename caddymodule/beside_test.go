//go:build !nowechatredis

package caddymodule_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Whoever follows the documents puts what they show beside each other in one Caddyfile. What is for clients, such as a rate
// limit, must then leave alone what is not called by clients. rate_limit is another's directive and not built in here; but its
// `match` block is Caddy's own, and tells which requests it counts.

var (
	rateLimit = regexp.MustCompile(`(?m)^\s*rate_limit(\s|\{)`)
	machines  = regexp.MustCompile(`(?m)^\s*wechat_card\s+(\S+\s+)?(message_push|relay|credentials)\b`)
)

// shown are the Caddyfiles and pieces of them in all documents and examples, by where they stand.
func shown(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	fence := regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```$")
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		isCaddyfile := strings.Contains(d.Name(), "Caddyfile") && !strings.HasSuffix(d.Name(), ".go")
		if d.IsDir() || filepath.Ext(path) != ".md" && !isCaddyfile {
			return nil
		}
		text, err := os.ReadFile(path)
		if isCaddyfile {
			found[path] = string(text)
			return err
		}
		for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
			found[path+": "+m[1]] = m[1]
		}
		return err
	})
	if err != nil || len(found) < 100 {
		t.Fatalf("%d pieces are shown, error %v", len(found), err)
	}
	return found
}

// segments gives the tokens of a directive that a text has, each time with its block.
func segments(t *testing.T, text, directive string) (found []caddyfile.Segment) {
	t.Helper()
	tokens, err := caddyfile.Tokenize([]byte(text), "Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	d := caddyfile.NewDispenser(tokens)
	for d.Next() {
		if d.Val() == directive && isFirst(tokens, d.Token()) {
			found = append(found, d.NextSegment())
		}
	}
	return found
}

// isFirst tells whether a token is the first of its line.
func isFirst(tokens []caddyfile.Token, token caddyfile.Token) bool {
	i := slices.IndexFunc(tokens, func(other caddyfile.Token) bool { return other.Line == token.Line })
	return tokens[i].Text == token.Text
}

// counted gives the matcher of each zone of a rate_limit.
func counted(t *testing.T, text string) (sets []caddyhttp.MatcherSet) {
	t.Helper()
	for _, segment := range segments(t, text, "rate_limit") {
		d := caddyfile.NewDispenser(segment)
		for d.Next() {
			if d.Val() != "match" {
				continue
			}
			raw, err := caddyhttp.ParseCaddyfileNestedMatcherSet(d)
			if err != nil {
				t.Fatal(err)
			}
			sets = append(sets, matcherSet(t, raw))
		}
	}
	return sets
}

func matcherSet(t *testing.T, raw caddy.ModuleMap) (set caddyhttp.MatcherSet) {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	for name, config := range raw {
		mod, err := ctx.LoadModuleByID("http.matchers."+name, config)
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, mod.(caddyhttp.RequestMatcherWithError))
	}
	return set
}

// machinePaths are the paths at which examples are called by others than clients: by WeChat, and by backends.
func machinePaths(t *testing.T, text string) (paths []string) {
	t.Helper()
	for _, directive := range []string{"wechat_card", "handle", "handle_path", "route"} {
		for _, segment := range segments(t, text, directive) {
			block := ""
			for _, token := range segment {
				block += token.Text + " "
			}
			isMachine := directive != "wechat_card" && strings.Contains(block, "wechat_card message_push") ||
				directive == "wechat_card" && len(segment) > 2 && machines.MatchString(block)
			if isMachine && len(segment) > 1 && strings.HasPrefix(segment[1].Text, "/") {
				path := strings.TrimSuffix(segment[1].Text, "*")
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// TestRateLimitsLeaveWeChatAlone puts every rate limit that is shown beside every path that is shown for WeChat's messages.
func TestRateLimitsLeaveWeChatAlone(t *testing.T) {
	all := shown(t)
	paths := make(map[string]string)
	for where, text := range all {
		if !machines.MatchString(text) {
			continue
		}
		for _, path := range machinePaths(t, text) {
			paths[path] = where
		}
	}
	if paths["/wechat/push"] == "" {
		t.Fatalf("the paths for messages were not found: %v", paths)
	}
	limits := 0
	for where, text := range all {
		if !rateLimit.MatchString(text) {
			continue
		}
		sets := counted(t, text)
		if len(sets) == 0 {
			t.Errorf("%s: the rate limit counts everything, WeChat's messages too", where)
		}
		for _, set := range sets {
			limits++
			covers := func(path string) bool {
				r := httptest.NewRequest(http.MethodPost, "https://shop.example.com"+path+"?signature=1", nil)
				r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, new(caddyhttp.Server))
				matched, err := set.MatchWithError(r)
				if err != nil {
					t.Fatal(err)
				}
				return matched
			}
			for path, example := range paths {
				for _, path := range []string{path, strings.TrimSuffix(path, "/") + "/wx5a6d8b2c4e1f3a70"} {
					if covers(path) {
						t.Errorf("%s\nthrottles WeChat at %s of\n%s", where, path, example)
					}
				}
			}
			if !covers("/wechat/addCard") {
				t.Errorf("%s: clients are not counted", where)
			}
		}
	}
	if limits < 2 {
		t.Errorf("only %d rate limits were found", limits)
	}
}

var (
	siteLine          = regexp.MustCompile(`(?m)^([a-z0-9:/*.-]+[^\n({]*) \{\n`)
	accountLine       = regexp.MustCompile(`(?m)^\t\taccount ?(\S*) \{\n`)
	shortAccount      = regexp.MustCompile(`(?m)^\twechat_card (wx\w+) (\S+)\n`)
	shortAccountBlock = regexp.MustCompile(`(?m)^\twechat_card (wx\w+) (\S+) \{\n((?:\t\t.*\n)+)\t\}\n`)
	hostOfSite        = regexp.MustCompile(`^(?:https?://)?([^/:, ]*)`)
)

// TestMessagesArriveBesideEveryExample puts the line for WeChat's messages into every site that the documents show, as whoever
// follows several of them does, and pushes a message.
func TestMessagesArriveBesideEveryExample(t *testing.T) {
	paths, err := filepath.Glob("../README*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"../docs/*.md", "../docs/reference/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, more...)
	}
	tried := make(map[string]bool) // both languages show the same
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range docsBlock.FindAllStringSubmatch(string(text), -1) {
			if tried[m[1]] || strings.Contains(m[1], "message_push") || !siteLine.MatchString(m[1]) {
				continue
			}
			tried[m[1]] = true
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(path), i+1), func(t *testing.T) { pushBeside(t, m[1]) })
		}
	}
	if len(tried) < 20 {
		t.Errorf("only %d examples were tried", len(tried))
	}
}

func pushBeside(t *testing.T, text string) {
	t.Helper()
	const token = "t0ken-of-the-console"
	text = shortAccountBlock.ReplaceAllString(text, "\twechat_card {\n\t\taccount {\n\t\t\tapp_id $1\n\t\t\tapp_secret $2\n$3\t\t}\n\t}\n")
	text = shortAccount.ReplaceAllString(text, "\twechat_card {\n\t\taccount {\n\t\t\tapp_id $1\n\t\t\tapp_secret $2\n\t\t}\n\t}\n")
	switch {
	case !strings.HasPrefix(text, "{\n"):
		text = docsAccount + text
	case !accountLine.MatchString(text):
		text = "{\n" + strings.TrimPrefix(strings.TrimSuffix(docsAccount, "}\n\n"), "{\n") + strings.TrimPrefix(text, "{\n")
	}
	for _, m := range docsVariable.FindAllStringSubmatch(text, -1) {
		t.Setenv(m[1], "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
	}
	text = withFolders(t, securetest.WithFiles(t, text))
	t.Setenv("BESIDE_TOKEN", token)
	name := accountLine.FindStringSubmatch(text)[1]
	if name == "" {
		name = "default"
	}
	text = accountLine.ReplaceAllString(text, "${0}\t\t\tmessage_push {env.BESIDE_TOKEN}\n")
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(backend.Close)
	text = docsBackend.ReplaceAllString(text, strings.TrimPrefix(backend.URL, "http://"))
	var hosts []string
	for _, m := range siteLine.FindAllStringSubmatch(text, -1) {
		hosts = append(hosts, hostOfSite.FindStringSubmatch(m[1])[1])
	}
	text = siteLine.ReplaceAllString(text, "${0}\twechat_card /wechat/push message_push {\n\t\taccount "+name+"\n\t}\n\trespond /wechat/push 200\n")
	text = strings.Replace(text, "{\n", "{\n\tstorage file_system "+t.TempDir()+"\n\tskip_install_trust\n\tlog beside {\n\t\toutput discard\n\t}\n", 1)
	ctx, err := sitetest.TryProvision(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = loaded.(*app.App).Cleanup() })
	sites, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := push.New(push.Config{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	for n, host := range hosts {
		host = strings.Replace(host, "*", "a", 1)
		if host == "" {
			host = "localhost"
		}
		var answers []string
		arrived := false
		for _, server := range sites.(*caddyhttp.App).Servers {
			query, body := receiver.Again(fmt.Appendf(nil, "<xml><MsgId>%d%s%p</MsgId></xml>", n, t.Name(), server), push.XML, "", time.Now())
			r := httptest.NewRequest(http.MethodPost, "https://"+host+"/wechat/push?"+query.Encode(), bytes.NewReader(body))
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			accepted := w.Code == http.StatusOK && w.Body.String() == "success" && w.Header().Get("X-Content-Type-Options") == "nosniff"
			passedOn := strings.Contains(w.Body.String(), `"reason":"backend_failed"`) // to what the example has for a backend, which is not here
			arrived = arrived || accepted || passedOn
			answers = append(answers, fmt.Sprint(w.Code, " ", w.Body))
		}
		if !arrived {
			t.Errorf("%s\nat %s a message is answered with %q", text, host, answers)
		}
	}
}
