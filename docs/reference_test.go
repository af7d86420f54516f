package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule"

	"github.com/caddyserver/caddy/v2"
)

// maxReadme is how many lines README may have: it is where people begin, not where they look things up.
const maxReadme = 250

// actions are the names of all actions that the plugin registers.
func actions(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range caddy.GetModules("http.handlers.wechat_card.actions") {
		names = append(names, m.ID.Name())
	}
	if len(names) < 12 {
		t.Fatalf("only these actions are registered: %q", names)
	}
	return names
}

// TestReadmeIsALandingPage bounds README, and wants it to name every action in its table, with a link to the action's page in
// the same language.
func TestReadmeIsALandingPage(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| \\[`([a-z_]+)`\\]\\(([^)]+)\\) \\|")
	for _, language := range []string{".md", chinese} {
		readme := read(t, "README"+language)
		if n := strings.Count(readme, "\n"); n > maxReadme {
			t.Errorf("README%s has %d lines, more than %d", language, n, maxReadme)
		}
		var listed []string
		for _, m := range row.FindAllStringSubmatch(readme, -1) {
			listed = append(listed, m[1])
			if want := "docs/reference/" + m[1] + language; m[2] != want {
				t.Errorf("README%s links %s to %s, not %s", language, m[1], m[2], want)
			}
		}
		slices.Sort(listed)
		if want := actions(t); !slices.Equal(listed, want) {
			t.Errorf("the table of README%s has %q, the plugin %q", language, listed, want)
		}
	}
}

// referencePages are the pages below docs/reference without their endings, those of one language or both.
func referencePages(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, path := range documents(t) {
		if name, found := strings.CutPrefix(filepath.ToSlash(path), "docs/reference/"); found {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, chinese), ".md"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestReferenceIsWhole wants a page in both languages for each action and for what goes with them; that they say the same is
// for TestTranslationsSayTheSame to say. Each action's page has all that an action's page has to have.
func TestReferenceIsWhole(t *testing.T) {
	pages := referencePages(t)
	for _, name := range append(actions(t), "directive", "global-option", "errors", "sandbox", "commands") {
		if !slices.Contains(pages, name) {
			t.Errorf("docs/reference has no page about %s", name)
		}
	}
	for _, name := range pages {
		for _, language := range []string{".md", chinese} {
			if _, err := os.Stat(filepath.Join(root, "docs/reference", name+language)); err != nil {
				t.Error(err)
			}
		}
	}
	for _, name := range actions(t) {
		text := read(t, "docs/reference/"+name+".md")
		if !strings.HasPrefix(text, "# "+name+"\n") {
			t.Errorf("the page of %s has another title", name)
		}
		for _, part := range []string{"Caddyfile", "JSON", "Requests", "Answers", "Errors"} {
			if !strings.Contains(text, "\n## "+part+"\n") {
				t.Errorf("the page of %s has no part %s", name, part)
			}
		}
		for _, shown := range []string{"```text\nwechat_card [<matcher>] " + name + " ", `"name": "` + name + `"`} {
			if !strings.Contains(text, shown) {
				t.Errorf("the page of %s does not show %q", name, shown)
			}
		}
	}
}

// TestReasonsAreExplained compares the reasons of problem documents on the pages of the actions with those of errors.md, and
// wants these to stand in the source.
func TestReasonsAreExplained(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| \\d{3}(?:, \\d{3})* \\| (`[a-z_`, ]+`) \\|")
	reasons := func(name string) (found []string) {
		for _, m := range row.FindAllStringSubmatch(read(t, "docs/reference/"+name+".md"), -1) {
			found = append(found, strings.Split(strings.Trim(m[1], "`"), "`, `")...)
		}
		return found
	}
	explained := reasons("errors")
	if len(explained) < 15 {
		t.Errorf("errors.md explains only %q", explained)
	}
	given := []string{"client_not_allowed"} // by credentials, in its text
	for _, name := range append(actions(t), "directive") {
		found := reasons(name)
		given = append(given, found...)
		for _, reason := range found {
			if !slices.Contains(explained, reason) {
				t.Errorf("%s is on the page of %s, and not in errors.md", reason, name)
			}
		}
	}
	source := goSource(t, "caddymodule")
	for _, reason := range explained {
		if !slices.Contains(given, reason) {
			t.Errorf("%s is in errors.md, and no action gives it", reason)
		}
		if !strings.Contains(source, `"`+reason+`"`) {
			t.Errorf("%s is in errors.md, and not in the source", reason)
		}
	}
}

// goSource is the text of all Go files below a folder that are no tests.
func goSource(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		b.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
