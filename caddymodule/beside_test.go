//go:build !nowechatredis

package caddymodule_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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
		mod, err := ctx.LoadModuleByID("http.matchers."+name, json.RawMessage(config))
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
