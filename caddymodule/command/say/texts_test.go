package say_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// literals finds the constant strings of the Go files below folders, aside from tests, with where they stand. What concatenates
// constants is one string.
func literals(t *testing.T, skip func(ast.Node) bool, folders ...string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "say" || d.Name() == "commandtest") {
				return filepath.SkipDir
			}
			if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if n == nil || skip(n) {
					return false
				}
				if e, ok := n.(ast.Expr); ok {
					if text, ok := constant(e); ok {
						found[text] = fset.Position(n.Pos()).String()
						return false
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// constant is the value of a string that is put together of literals.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.BinaryExpr:
		left, ok := constant(e.X)
		right, ok2 := constant(e.Y)
		return left + right, ok && ok2 && e.Op == token.ADD
	}
	return "", false
}

// notTexts are parts of the source that hold no texts: imports, tags, what a command line looks like.
func notTexts(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return true
	case *ast.Field:
		return n.Tag != nil
	case *ast.KeyValueExpr:
		key, ok := n.Key.(*ast.Ident)
		return ok && slices.Contains([]string{"Use", "Example", "Long", "Short"}, key.Name) // the help has its own test
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		return ok && (strings.HasSuffix(s.Sel.Name, "Var") || strings.HasSuffix(s.Sel.Name, "VarP") || s.Sel.Name == "Info" || s.Sel.Name == "Write" || s.Sel.Name == "BoolP" || s.Sel.Name == "String")
	case *ast.GenDecl:
		return n.Tok == token.CONST && len(n.Specs) > 0 && strings.HasSuffix(n.Specs[0].(*ast.ValueSpec).Names[0].Name, "Note")
	}
	return false
}

// words are what a text for people has at least two of, side by side.
var words = regexp.MustCompile(`[a-zA-Z]{2,},? [a-zA-Z]{2,}|^[a-z]+: ?$`)

// TestEveryTextHasItsChinese reads the source: whatever a command may print that has words in it must be known.
func TestEveryTextHasItsChinese(t *testing.T) {
	var keys []string
	for text, zh := range say.Tables() {
		keys = append(keys, text)
		if strings.TrimSpace(zh) == "" || !strings.ContainsFunc(zh, han) && words.MatchString(text) {
			t.Errorf("%q has no Chinese but %q", text, zh)
		}
		if !slices.Equal(verbs(text), verbs(zh)) {
			t.Errorf("%q has other verbs than %q", zh, text)
		}
	}
	missing := func(folders ...string) {
		for text, where := range literals(t, notTexts, folders...) {
			if language.Phrase(text).In(language.Chinese) != text {
				continue // it is a text of problem documents, too
			}
			if words.MatchString(text) && !slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, strings.TrimSpace(text)) }) {
				t.Errorf("%s: there is no Chinese for %q", where, text)
			}
		}
	}
	missing("..", "../../../plugin/doctor", "../../../plugin/cards", "../../observe/failure.go", "../../actions/relay/doubts.go", "../../admin")
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// verbs are those of a format, sorted by the argument that each is for.
func verbs(format string) []string {
	found := regexp.MustCompile(`%(\[\d+\])?0?\d*[a-z]`).FindAllString(strings.ReplaceAll(format, "%%", ""), -1)
	if slices.ContainsFunc(found, func(v string) bool { return strings.HasPrefix(v, "%[") }) {
		slices.Sort(found)
		for i, v := range found {
			found[i] = "%" + v[strings.Index(v, "]")+1:]
		}
	}
	return found
}
