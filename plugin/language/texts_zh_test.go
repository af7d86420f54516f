package language_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// TestTextsZHAreComplete reads the source: each text that a problem document may hold must be in the table, and nothing else.
func TestTextsZHAreComplete(t *testing.T) {
	used := make(map[language.Phrase]bool)
	need := func(text, where string) {
		used[language.Phrase(text)] = true
		if language.TextsZH[language.Phrase(text)] == "" {
			t.Errorf("%s: there is no Chinese for %q", where, text)
		}
	}
	for _, status := range statuses(t) {
		need(http.StatusText(status), "a title")
	}
	for text, where := range ownTexts(t) {
		need(text, where)
	}
	for text, where := range memberTexts(t, "../wechat/codes.go", "hint") {
		need(text, where)
	}
	for text, where := range memberTexts(t, "../push/*.go", "Reason") {
		need(text, where)
	}
	for text := range language.TextsZH {
		if !used[text] {
			t.Errorf("nothing says %q", text)
		}
	}
}

// TestTextsZHAreChinese: a text with another number of verbs would be printed with %!d(…), and one in English was forgotten.
func TestTextsZHAreChinese(t *testing.T) {
	for text, zh := range language.TextsZH {
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
var formatAt = map[string]int{
	"problem.Newf": 2, "problem.Invalid": 0, "problem.Detailf": 0, "problem.Within": 0,
	"field.Invalidf": 0, "clients.NotAllowed": 0, "bodies.UnsupportedMediaType": 0,
}

// saysDetails are the functions that set a Problem's detail otherwise than by a format: as what they take from elsewhere is
// translated there, or as it has WeChat's form, which knows no languages.
var saysDetails = []string{"problem.say", "credentials.refuse", "credentials.refusalOf"}

// ownTexts finds the texts of our own packages: formats, and whatever has the type Phrase.
func ownTexts(t *testing.T) map[string]string {
	t.Helper()
	source := &ownImporter{root: "../..", fset: token.NewFileSet(), loaded: make(map[string]*loadedPackage)}
	for _, dir := range []string{"plugin", "caddymodule"} {
		err := filepath.WalkDir(filepath.Join(source.root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			if name := d.Name(); name == "testdata" || name == "node_modules" || name == "binarytest" {
				return filepath.SkipDir
			}
			if files, _ := filepath.Glob(filepath.Join(path, "*.go")); len(files) > 0 {
				rel, err := filepath.Rel(source.root, path)
				if err != nil {
					return err
				}
				_, err = source.Import(module + "/" + filepath.ToSlash(rel))
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := make(map[string]string)
	for _, pkg := range source.loaded {
		pkg.texts(t, source, found)
	}
	if len(found) < 50 {
		t.Errorf("found only %d texts", len(found))
	}
	return found
}

// texts adds those of one package.
func (p *loadedPackage) texts(t *testing.T, source *ownImporter, found map[string]string) {
	t.Helper()
	phrase := source.loaded[module+"/plugin/language"].types.Scope().Lookup("Phrase").Type()
	add := func(text string, e ast.Expr) {
		if text != "" {
			found[text] = source.fset.Position(e.Pos()).String()
		}
	}
	table := "texts_zh.go" // says all of them
	for e, tv := range p.info.Types {
		if tv.Value != nil && tv.Value.Kind() == constant.String && types.Identical(tv.Type, phrase) &&
			filepath.Base(source.fset.Position(e.Pos()).Filename) != table {
			add(constant.StringVal(tv.Value), e)
		}
	}
	for _, file := range p.files {
		var function string
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				function = p.types.Name() + "." + n.Name.Name
			case *ast.CallExpr:
				name := p.called(n)
				i, isFormat := formatAt[name]
				if !isFormat || i >= len(n.Args) {
					break
				}
				if _, inner := formatAt[function]; inner {
					break // hands its own format on
				}
				if tv := p.info.Types[n.Args[i]]; tv.Value != nil {
					add(constant.StringVal(tv.Value), n.Args[i])
				} else {
					t.Errorf("%s: the format of %s is no constant", source.fset.Position(n.Pos()), name)
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Detail" && p.ofProblem(key) && !slices.Contains(saysDetails, function) {
					t.Errorf("%s: a detail that cannot be translated", source.fset.Position(n.Pos()))
				}
			case *ast.AssignStmt:
				s, ok := n.Lhs[0].(*ast.SelectorExpr)
				if ok && s.Sel.Name == "Detail" && p.ofProblem(s.Sel) && !slices.Contains(saysDetails, function) {
					t.Errorf("%s: a detail that cannot be translated", source.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// ofProblem tells whether a field is one of a Problem.
func (p *loadedPackage) ofProblem(name *ast.Ident) bool {
	obj := p.info.Uses[name]
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == module+"/caddymodule/problem"
}

// called names the function, or method, that a call is of, with its package.
func (p *loadedPackage) called(call *ast.CallExpr) string {
	var name *ast.Ident
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f
	case *ast.SelectorExpr:
		name = f.Sel
	default:
		return ""
	}
	obj := p.info.Uses[name]
	if obj == nil || obj.Pkg() == nil {
		return ""
	}
	return obj.Pkg().Name() + "." + obj.Name()
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
		"StatusBadRequest": 400, "StatusUnauthorized": 401, "StatusForbidden": 403, "StatusMethodNotAllowed": 405, "StatusLengthRequired": 411, "StatusRequestEntityTooLarge": 413,
		"StatusUnsupportedMediaType": 415, "StatusUnprocessableEntity": 422, "StatusBadGateway": 502, "StatusServiceUnavailable": 503,
		"StatusGatewayTimeout": 504,
	}
	calls := 0
	for _, pattern := range []string{"../../caddymodule/*/*.go", "../../caddymodule/actions/*/*.go"} {
		for _, file := range parseFiles(t, token.NewFileSet(), pattern) {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name := ""
				switch f := call.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if name != "Newf" || len(call.Args) == 0 {
					return true
				}
				calls++
				if status, ok := call.Args[0].(*ast.SelectorExpr); ok && names[status.Sel.Name] == 0 {
					t.Errorf("problems have the status %s, too", status.Sel.Name)
				}
				return true
			})
		}
	}
	if calls < 10 {
		t.Errorf("found only %d problems", calls)
	}
	for _, status := range names {
		found = append(found, status)
	}
	return found
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

// module is our own path.
const module = "github.com/caddy-wechat-card/caddy-wechat-card"

// ownImporter reads our own packages from their source. It knows nothing of others: what is imported from them need not be
// known to tell our own types and functions.
type ownImporter struct {
	root   string
	fset   *token.FileSet
	loaded map[string]*loadedPackage
}

type loadedPackage struct {
	types *types.Package
	info  *types.Info
	files []*ast.File
}

func (o *ownImporter) Import(path string) (*types.Package, error) {
	if p := o.loaded[path]; p != nil {
		return p.types, nil
	}
	dir, isOurs := strings.CutPrefix(path, module+"/")
	if !isOurs {
		return noImporter{}.Import(path)
	}
	names, err := filepath.Glob(filepath.Join(o.root, dir, "*.go"))
	if err != nil {
		return nil, err
	}
	p := &loadedPackage{info: &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object)}}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(o.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
	}
	p.types, _ = (&types.Config{Error: func(error) {}, Importer: o}).Check(path, o.fset, p.files, p.info)
	o.loaded[path] = p
	return p.types, nil
}

// noImporter knows no package.
type noImporter struct{}

func (noImporter) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	pkg.MarkComplete()
	return pkg, nil
}
