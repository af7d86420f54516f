package say

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

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
		parts := m[1:]
		for i, part := range parts {
			if strings.ContainsRune(part, ' ') || exact(part) != "" { // another bare word is a name
				parts[i] = recognise(part)
			}
		}
		return fill(f.chinese, parts)
	}
	return ""
}

// format is a format with what it looks like when it is filled in.
type format struct {
	pattern *regexp.Regexp
	chinese string
	own     int // letters that are not from arguments
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
		all = append(all, format{regexp.MustCompile(`\A` + pattern.String() + `\z`), zh, own})
	}
	slices.SortFunc(all, func(a, b format) int {
		return cmp.Or(cmp.Compare(b.own, a.own), strings.Compare(a.chinese, b.chinese))
	})
	return all
}

// fill puts parts into a format, in their order or by their numbers.
func fill(format string, parts []string) string {
	next := 0
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		i := next
		if m := verb.FindStringSubmatch(v); m[1] != "" {
			i = int(m[1][0] - '1')
		}
		next = i + 1
		if i >= len(parts) {
			return v
		}
		return parts[i]
	})
}
