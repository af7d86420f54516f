package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const chinese = ".zh-CN.md"

// section is what a heading has below it, up to the next heading, and two languages have in common.
type section struct {
	heading string
	level   int
	// blocks are the fenced blocks without lines that are comments.
	blocks []string
	// rows are the rows of tables, each as the number of its table and the code in its first cell.
	rows []string
	// links lead to the English text, and to a heading by its number.
	links []string
	// spans are the pieces of code in its text, each once.
	spans []string
}

var codeSpan = regexp.MustCompile("`[^`]+`")

// sections takes a document apart. What stands before the first heading is a section, too.
func sections(t *testing.T, path string) []section {
	t.Helper()
	found := []section{{}}
	var fence string
	tables, inTable := 0, false
	for line := range strings.Lines(read(t, path)) {
		s := &found[len(found)-1]
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		isFence := strings.HasPrefix(trimmed, "```")
		switch {
		case fence != "" && isFence:
			fence = ""
			continue
		case fence != "":
			if !strings.HasPrefix(trimmed, "# ") && !strings.HasPrefix(trimmed, "// ") {
				if !strings.HasPrefix(s.blocks[len(s.blocks)-1], spoken) { // else the command's own test compares what it prints
					s.blocks[len(s.blocks)-1] += line + "\n"
				}
			}
			continue
		case isFence:
			fence = trimmed
			s.blocks = append(s.blocks, line+"\n")
			continue
		}

		isRow := strings.HasPrefix(line, "| ")
		if isRow && !inTable {
			tables++
		}
		inTable = isRow
		if m := heading.FindStringSubmatch(line); m != nil {
			found = append(found, section{heading: m[2], level: len(m[1])})
			s = &found[len(found)-1]
		}
		if isRow {
			first, _, _ := strings.Cut(line[2:], " |")
			s.rows = append(s.rows, fmt.Sprint("table ", tables, ": ", strings.Join(codeSpan.FindAllString(first, -1), " ")))
		}
		for _, m := range inlineLink.FindAllStringSubmatch(line, -1) {
			s.links = append(s.links, destination(t, path, m[1]))
		}
		s.spans = append(s.spans, codeSpan.FindAllString(line, -1)...)
	}
	for i := range found {
		slices.Sort(found[i].links)
		slices.Sort(found[i].spans)
		found[i].spans = slices.Compact(found[i].spans)
	}
	return found
}

// destination is where a link of a document leads, the same in every language.
func destination(t *testing.T, path, link string) string {
	t.Helper()
	if strings.Contains(link, "://") {
		return link
	}
	file, fragment, hasFragment := strings.Cut(link, "#")
	target := path
	if file != "" {
		target = filepath.Join(filepath.Dir(path), file)
	}
	name := filepath.ToSlash(target)
	if english, isChinese := strings.CutSuffix(name, chinese); isChinese {
		name = english + ".md"
	}
	switch {
	case filepath.Ext(name) == ".png": // each language may show a page in its own
		return "an image"
	case !hasFragment:
		return name
	}
	return fmt.Sprintf("%s, heading %d", name, slices.Index(anchors(read(t, target)), fragment))
}

// spoken is how a block begins that shows what a command prints in the page's language.
const spoken = "```console\n$ caddy wechat-card status\n"

// TestTranslationsSayTheSame compares each document in Chinese with the English one, section by section: the same commands and
// configurations, options in the same order, links to the same places, and no name that only one of them has.
func TestTranslationsSayTheSame(t *testing.T) {
	compared := 0
	for _, path := range documents(t) {
		name, isChinese := strings.CutSuffix(path, chinese)
		if !isChinese {
			continue
		}
		compared++
		t.Run(filepath.ToSlash(path), func(t *testing.T) {
			english, other := sections(t, name+".md"), sections(t, path)
			for i := range min(len(english), len(other)) {
				a, b := english[i], other[i]
				if a.level != b.level {
					t.Fatalf("%q is a heading of level %d, %q in its place of level %d", a.heading, a.level, b.heading, b.level)
				}
				same(t, a, b, "block", a.blocks, b.blocks)
				same(t, a, b, "row", a.rows, b.rows)
				same(t, a, b, "link", a.links, b.links)
				same(t, a, b, "name", a.spans, b.spans)
			}
			if len(english) != len(other) {
				t.Errorf("the English document has %d headings, the Chinese one %d", len(english)-1, len(other)-1)
			}
		})
	}
	for _, name := range translated {
		if _, err := os.Stat(filepath.Join(root, name+chinese)); err != nil {
			t.Errorf("there is no %s%s", name, chinese)
		}
	}
	if compared < 17+len(translated) { // those of the reference
		t.Errorf("only %d translations were found", compared)
	}
}

// translated are the documents, without their endings, that have to be there in Chinese, beside those of the reference.
var translated = []string{
	"README", "docs/going-live", "docs/cards", "docs/recipes", "docs/migrating", "docs/operations/README", "docs/troubleshooting",
	"docs/verify", "docs/where-cards-stand", "docs/platform",
}

// TestTranslationsLeadToEachOther wants a link to the other language in front of both, and readers of Chinese to stay in it: a
// link to a document that there is in Chinese leads to that.
func TestTranslationsLeadToEachOther(t *testing.T) {
	for _, path := range documents(t) {
		name, isChinese := strings.CutSuffix(path, chinese)
		if !isChinese {
			continue
		}
		base := filepath.Base(name)
		toChinese := fmt.Sprintf("\n\n中文：[%s%s](%s%s)\n\n", base, chinese, base, chinese)
		toEnglish := fmt.Sprintf("\n\nEnglish: [%s.md](%s.md)\n\n", base, base)
		text := read(t, path)
		if !strings.Contains(read(t, name+".md"), toChinese) || !strings.Contains(text, toEnglish) {
			t.Errorf("%s and %s.md do not begin with links to each other", path, name)
		}
		for _, m := range inlineLink.FindAllStringSubmatch(prose(strings.Replace(text, toEnglish, "", 1)), -1) {
			file, _, _ := strings.Cut(m[1], "#")
			english, isDocument := strings.CutSuffix(file, ".md")
			if !isDocument || strings.HasSuffix(file, chinese) || strings.Contains(file, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(path), english+chinese)); err == nil {
				t.Errorf("%s leads to %s, which is there in Chinese", path, m[1])
			}
		}
	}
}

// translatedWords are what a dictionary gives and no developer says, and what is said in its place.
var translatedWords = map[string]string{
	"应答": "响应、返回", "点按": "点击", "轻触": "点击", "轻点": "点击", "问题文档": "问题详情", "错误文档": "问题详情", "监视": "监控",
	"服务帐号": "服务号", "服务账号": "服务号", "订阅帐号": "订阅号", "帐号": "账号", "登陆": "登录", "反代理": "反向代理", "访问令牌": "access_token",
	"小型程序": "小程序", "迷你程序": "小程序", "官方账号": "公众号", "官方帐户": "公众号", "会话密钥": "session_key", "默认值是": "默认：",
}

// TestChineseIsWhatDevelopersSay looks for words of a dictionary in everything that is in Chinese: documents, tables of texts,
// pages and examples.
func TestChineseIsWhatDevelopersSay(t *testing.T) {
	looked := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == "node_modules" || d.Name() == "testdata" || path != root && strings.HasPrefix(d.Name(), ".")) {
				return fs.SkipDir
			}
			return err
		}
		switch filepath.Ext(path) {
		case ".md", ".go", ".js", ".mjs", ".ts", ".json", ".html", ".wxml", ".php":
		default:
			return nil
		}
		if filepath.Base(path) == "translation_test.go" {
			return nil
		}
		text, err := os.ReadFile(path)
		looked++
		for word, better := range translatedWords {
			if i := strings.Index(string(text), word); i >= 0 {
				t.Errorf("%s:%d says %s and not %s", path, 1+strings.Count(string(text[:i]), "\n"), word, better)
			}
		}
		return err
	})
	if err != nil || looked < 300 {
		t.Errorf("looked at %d files, error %v", looked, err)
	}
}

// same reports what only one of two sections has.
func same(t *testing.T, english, translated section, what string, a, b []string) {
	t.Helper()
	if slices.Equal(a, b) {
		return
	}
	t.Errorf("%q and %q differ in a %s; only in English: %q, only in Chinese: %q; %d and %d in all",
		english.heading, translated.heading, what, without(a, b), without(b, a), len(a), len(b))
}

// without is what a has and b has not.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// TestChineseRenders looks for what Markdown does not show as it was meant: bold text that ends with a full-width mark or with
// code keeps its asterisks when text stands close behind it.
func TestChineseRenders(t *testing.T) {
	bold := regexp.MustCompile("[，。；：？！）”`]\\*\\*[^\\s\\p{P}]")
	for _, path := range documents(t) {
		if !strings.HasSuffix(path, chinese) {
			continue
		}
		for line := range strings.Lines(prose(read(t, path))) {
			if bold.MatchString(line) {
				t.Errorf("%s: a blank is missing behind the bold text of %s", path, line)
			}
		}
	}
}
