package caddymodule

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestTextsZHAreComplete reads the source: each text that a problem document may hold must be in the table, and nothing else.
func TestTextsZHAreComplete(t *testing.T) {
	used := make(map[phrase]bool)
	need := func(text, where string) {
		used[phrase(text)] = true
		if textsZH[phrase(text)] == "" {
			t.Errorf("%s: there is no Chinese for %q", where, text)
		}
	}
	for _, status := range statuses(t) {
		need(http.StatusText(status), "a title")
	}
	for text, where := range ownTexts(t) {
		need(text, where)
	}
	for text, where := range memberTexts(t, "../plugin/wechat/codes.go", "hint") {
		need(text, where)
	}
	for text, where := range memberTexts(t, "../plugin/push/*.go", "Reason") {
		need(text, where)
	}
	for text := range textsZH {
		if !used[text] {
			t.Errorf("nothing says %q", text)
		}
	}
}

// TestTextsZHAreChinese: a text with another number of verbs would be printed with %!d(…), and one in English was forgotten.
func TestTextsZHAreChinese(t *testing.T) {
	for text, zh := range textsZH {
		if slices.Compare(verbs(string(text)), verbs(zh)) != 0 {
			t.Errorf("%q has other verbs than %q", zh, text)
		}
		if bare.Replace(string(text)) != "" && text != "an openid" && !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%q is no Chinese for %q", zh, text)
		}
		if strings.ContainsAny(zh, "，。：；？！、") && strings.ContainsAny(zh, ",;?!") {
			t.Errorf("%q has marks of both kinds", zh)
		}
	}
}

// bare takes away what is no English.
var bare = strings.NewReplacer("%s", "", "card_id", "", "cardId", "", "cardList", "", "code", "", "isSuccess", "", " ", "")

func verbs(format string) (found []string) {
	for i := 0; i+1 < len(format); i++ {
		if format[i] == '%' {
			found = append(found, format[i:i+2])
			i++
		}
	}
	return found
}

// formatAt says where the functions take a format that make texts.
var formatAt = map[string]int{"problemf": 2, "invalid": 0, "clientNotAllowed": 0, "unsupportedMediaType": 0, "detailf": 0, "invalidf": 0, "within": 0}

// ownTexts finds the texts of this package: formats, and whatever has the type phrase.
func ownTexts(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, file := range parseFiles(t, fset, "*.go") {
		if name := fset.Position(file.Pos()).Filename; !strings.HasSuffix(name, "_test.go") && name != "texts_zh.go" {
			files = append(files, file)
		}
	}
	// What is imported need not be known to tell this package's own types.
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	pkg, _ := (&types.Config{Error: func(error) {}, Importer: noImporter{}}).Check("caddymodule", fset, files, info)
	phraseType := pkg.Scope().Lookup("phrase").Type()

	found := make(map[string]string)
	add := func(text string, e ast.Expr) {
		if text != "" {
			found[text] = fset.Position(e.Pos()).String()
		}
	}
	for e, tv := range info.Types {
		if tv.Value != nil && tv.Value.Kind() == constant.String && types.Identical(tv.Type, phraseType) {
			add(constant.StringVal(tv.Value), e)
		}
	}
	for _, file := range files {
		var function string
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				function = n.Name.Name
			case *ast.CallExpr:
				name := calledName(n)
				i, isFormat := formatAt[name]
				if !isFormat || i >= len(n.Args) {
					break
				}
				if _, inner := formatAt[function]; inner {
					break // hands its own format on
				}
				if tv := info.Types[n.Args[i]]; tv.Value != nil {
					add(constant.StringVal(tv.Value), n.Args[i])
				} else {
					t.Errorf("%s: the format of %s is no constant", fset.Position(n.Pos()), name)
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Detail" && function != "refuse" && function != "refusalOf" {
					t.Errorf("%s: a detail that cannot be translated", fset.Position(n.Pos()))
				}
			case *ast.AssignStmt:
				if s, ok := n.Lhs[0].(*ast.SelectorExpr); ok && s.Sel.Name == "Detail" && function != "say" {
					t.Errorf("%s: a detail that cannot be translated", fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
	if len(found) < 50 {
		t.Errorf("found only %d texts", len(found))
	}
	return found
}

// memberTexts finds the texts of all struct literals' members of a name, which must be constants of the same files.
func memberTexts(t *testing.T, pattern, member string) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, file := range parseFiles(t, fset, pattern) {
		if !strings.HasSuffix(fset.Position(file.Pos()).Filename, "_test.go") {
			files = append(files, file)
		}
	}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	_, _ = (&types.Config{Error: func(error) {}, Importer: noImporter{}}).Check("p", fset, files, info)
	found := make(map[string]string)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			kv, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			if key, ok := kv.Key.(*ast.Ident); !ok || key.Name != member {
				return true
			}
			if tv := info.Types[kv.Value]; tv.Value != nil {
				found[constant.StringVal(tv.Value)] = fset.Position(kv.Pos()).String()
			} else {
				t.Errorf("%s: %s is no constant", fset.Position(kv.Pos()), member)
			}
			return true
		})
	}
	if len(found) < 10 {
		t.Errorf("%s has only %d texts as %s", pattern, len(found), member)
	}
	return found
}

// statuses are those that problems have.
func statuses(t *testing.T) (found []int) {
	t.Helper()
	names := map[string]int{
		"StatusBadRequest": 400, "StatusForbidden": 403, "StatusMethodNotAllowed": 405, "StatusRequestEntityTooLarge": 413,
		"StatusUnsupportedMediaType": 415, "StatusUnprocessableEntity": 422, "StatusBadGateway": 502, "StatusServiceUnavailable": 503,
		"StatusGatewayTimeout": 504,
	}
	for _, file := range parseFiles(t, token.NewFileSet(), "*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || calledName(call) != "problemf" {
				return true
			}
			if status, ok := call.Args[0].(*ast.SelectorExpr); ok && names[status.Sel.Name] == 0 {
				t.Errorf("problems have the status %s, too", status.Sel.Name)
			}
			return true
		})
	}
	for _, status := range names {
		found = append(found, status)
	}
	return found
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func parseFiles(t *testing.T, fset *token.FileSet, pattern string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, error %v", pattern, len(paths), err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// noImporter knows no package.
type noImporter struct{}

func (noImporter) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	pkg.MarkComplete()
	return pkg, nil
}
