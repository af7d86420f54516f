// Package docs_test holds the documents of this repository together: links that lead somewhere, a list that has them all, and
// two languages that say the same. What the documents show is run by caddymodule and caddymodule/binarytest.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const root = ".."

// documents are all Markdown files of the repository, by their path below its root.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			path, err = filepath.Rel(root, path)
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) < 10 {
		t.Fatalf("found %d documents, error %v", len(found), err)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// prose is a text without its fenced blocks.
func prose(markdown string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
		} else if !inside {
			b.WriteString(line)
		}
	}
	return b.String()
}

var (
	heading    = regexp.MustCompile(`(?m)^(#+) +(.+)$`)
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
)

// anchors are the fragments that lead to a document's headings, as GitHub makes them.
func anchors(markdown string) []string {
	var found []string
	count := make(map[string]int)
	for _, m := range heading.FindAllStringSubmatch(prose(markdown), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, inlineLink.ReplaceAllString(strings.TrimSpace(m[2]), "]"))
		n := count[slug]
		count[slug]++
		if n > 0 {
			slug += "-" + string(rune('0'+n))
		}
		found = append(found, slug)
	}
	return found
}

// TestLinks follows every link from one document to another file of the repository, to a heading where it names one.
func TestLinks(t *testing.T) {
	followed := 0
	for _, path := range documents(t) {
		for _, m := range inlineLink.FindAllStringSubmatch(prose(read(t, path)), -1) {
			link := m[1]
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			followed++
			file, fragment, hasFragment := strings.Cut(link, "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: there is no %s", path, link)
				continue
			}
			if hasFragment && !slices.Contains(anchors(read(t, target)), fragment) {
				t.Errorf("%s: %s has no heading for #%s", path, target, fragment)
			}
		}
	}
	if followed < 50 {
		t.Errorf("only %d links were found", followed)
	}
}

// TestEveryDocumentIsListed wants docs/README.md to lead to each document below docs.
func TestEveryDocumentIsListed(t *testing.T) {
	list := read(t, "docs/README.md")
	for _, path := range documents(t) {
		name, isDoc := strings.CutPrefix(filepath.ToSlash(path), "docs/")
		if isDoc && name != "README.md" && !strings.Contains(list, "]("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
}
