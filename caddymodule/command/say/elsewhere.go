package say

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Text is a text from elsewhere in the language that is spoken: as it is unless one of the formats that are known made it.
func Text(english string) string {
	if Language() == language.English || english == "" {
		return english
	}
	return recognise(english)
}

// recognise translates a text by the format that made it, its parts likewise; of those that fit, the one with the most
// letters of its own. Lines are recognised one by one.
func recognise(english string) string {
	if zh := exact(english); zh != "" {
		return zh
	}
	if before, after, several := strings.Cut(english, "\n"); several {
		return recognise(before) + "\n" + recognise(after)
	}
	if zh := elsewhereFormats().translate(english); zh != "" {
		return zh
	}
	return english
}

// exact is a text that no argument is in.
func exact(english string) string {
	if zh := elsewhereZH[english]; zh != "" && !strings.Contains(english, "%") {
		return zh
	}
	if zh := language.Phrase(english).In(language.Chinese); zh != english {
		return zh
	}
	return ""
}

// formats are formats with their Chinese, those with the most letters of their own first.
type formats []format

// translate gives the Chinese of a text that one of the formats made; empty: none did.
func (all formats) translate(english string) string {
	for _, f := range all {
		m := f.pattern.FindStringSubmatch(english)
		if m == nil {
			continue
		}
		parts, known := m[1:], f.hasWords
		for i, part := range parts {
			switch {
			case f.hasWords && list.MatchString(part):
				parts[i] = strings.ReplaceAll(part, ", ", "、")
			case strings.ContainsRune(part, ' ') || exact(part) != "": // another bare word is a name
				parts[i] = recognise(part)
			}
			known = known || parts[i] != part
		}
		if known {
			return fill(f.chinese, parts)
		}
	}
	return ""
}

// list is what names look like side by side.
var list = regexp.MustCompile(`\A[\w./*-]+(?: of \w+)?(?:, [\w./*-]+(?: of \w+)?)+\z`)

// format is a format with what it looks like when it is filled in.
type format struct {
	pattern *regexp.Regexp
	chinese string
	own     int // letters that are not from arguments

	hasWords bool // and not just punctuation, which any text in a language that we do not translate may have
}

var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[sdqvwxt]`)

// elsewhereFormats are the formats of elsewhere.
var elsewhereFormats = sync.OnceValue(func() formats { return newFormats(elsewhereZH) })

func newFormats(table map[string]string) (all formats) {
	for english, zh := range table {
		var pattern strings.Builder
		own, at := 0, 0
		for _, m := range verb.FindAllStringIndex(english, -1) {
			literal := english[at:m[0]]
			pattern.WriteString(regexp.QuoteMeta(literal) + "(.*?)")
			own, at = own+len(literal), m[1]
		}
		if at == 0 {
			continue // it has no arguments
		}
		pattern.WriteString(regexp.QuoteMeta(english[at:]))
		own += len(english[at:])
		hasWords := strings.ContainsFunc(verb.ReplaceAllString(english, ""), unicode.IsLetter)
		all = append(all, format{regexp.MustCompile(`\A` + pattern.String() + `\z`), zh, own, hasWords})
	}
	slices.SortFunc(all, func(a, b format) int {
		return cmp.Or(cmp.Compare(b.own, a.own), strings.Compare(a.chinese, b.chinese))
	})
	return all
}

// fill puts parts into a format, in their order or by their numbers. Between Chinese and other letters there is a blank.
func fill(format string, parts []string) string {
	var b strings.Builder
	next, at := 0, 0
	for _, m := range verb.FindAllStringSubmatchIndex(format, -1) {
		i := next
		if m[2] >= 0 {
			i = int(format[m[2]] - '1')
		}
		next = i + 1
		b.WriteString(apart(b.String(), format[at:m[0]]))
		if at = m[1]; i >= len(parts) {
			b.WriteString(format[m[0]:m[1]])
			continue
		}
		b.WriteString(apart(b.String(), parts[i]))
	}
	b.WriteString(apart(b.String(), format[at:]))
	return b.String()
}

// apart puts a blank in front of a text where a Chinese letter and another would touch.
func apart(before, text string) string {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(text)
	isHan := func(c rune) bool { return unicode.Is(unicode.Han, c) }
	isOther := func(c rune) bool { return c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) }
	if isHan(last) && isOther(first) || isOther(last) && isHan(first) {
		return " " + text
	}
	return text
}
