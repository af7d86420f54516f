package queries

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries/queriestest"
)

func TestCleanQuery(t *testing.T) {
	params := []Param{NewParam("access_token", 0), NewParam("t", 1)}
	tests := []struct{ raw, want string }{
		{"", ""},
		{"a=1&b=2", "a=1&b=2"},
		{"access_token=x", ""},
		{"access_token", ""},
		{"access_token=", ""},
		{"t=1&a=1", "a=1"},
		{"a=1&t=1", "a=1"},
		{"a=1&t=1&b=2", "a=1&b=2"},
		{"t=1&t=2&T=3&a=1&t=4", "a=1"},
		{"ACCESS_TOKEN=x&a", "a"},
		{"Access_Token=x&a", "a"},
		{"access.token=x&a", "a"},
		{"access%2Etoken=x&a", "a"},
		{"access+token=x&a", "a"},
		{"access%20token=x&a", "a"},
		{"access[token=x&a", "a"},
		{"access%5btoken=x&a", "a"},
		{"access_token[]=x&a", "a"},
		{"access_token[0]=x&a", "a"},
		{"access_token%5B%5D=x&a", "a"},
		{"access.token[a][b]=x&a", "a"},
		{"access_token[=x&a", "a"},
		{"[access_token]=x&a", "a"},
		{"%61ccess_token=x&a", "a"},
		{"%61%63%63%65%73%73%5F%74%6f%6b%65%6e=x&a", "a"},
		{"%u0061ccess_token=x&a", "a"},
		{"+access_token=x&a", "a"},
		{"%20%20+access_token=x&a", "a"},
		{" access_token=x&a", "a"},
		{"access_token%00=x&a", "a"},
		{"access_token%00.tail=x&a", "a"},
		{"a=1;access_token=x;b=2", "a=1;b=2"},
		{"access_token=x;b=2", "b=2"},
		{"a&access_token=x=y=z&b", "a&b"},

		// not ours, and not a byte of it changes
		{"a=%zz&b=%&c=%1", "a=%zz&b=%&c=%1"},
		{"a=1&&&b=;c==&", "a=1&&&b=;c==&"},
		{"a=access_token&b=t", "a=access_token&b=t"},
		{"a=%74%3D1&tt=1&t1=2", "a=%74%3D1&tt=1&t1=2"},
		{"access-token=1&accesstoken=2&access__token=3&access_token_=4&_access_token=5", "access-token=1&accesstoken=2&access__token=3&access_token_=4&_access_token=5"},
		{"access[token]=1&x[t]=2&x.t=3", "access[token]=1&x[t]=2&x.t=3"},
		{"%2574=1&t%2=1", "%2574=1&t%2=1"},
		{"=t=1&=", "=t=1&="},
		{"a=%E4%BC%9A%E5%91%98&b=会员", "a=%E4%BC%9A%E5%91%98&b=会员"},

		// empty parts around what goes
		{"t=1&", ""},
		{"&t=1", ""},
		{"&&t=1&&", "&&&"},
		{"a&&t=1&&b", "a&&&b"},
		{"t=1&&a", "&a"},
	}
	for _, tc := range tests {
		got, forged := Clean(tc.raw, params)
		if got != tc.want || forged != (tc.raw != tc.want) {
			t.Errorf("cleanQuery(%q) = %q, %t; want %q", tc.raw, got, forged, tc.want)
		}
	}
}

func TestCleanQueryReadsBlanksOfOurs(t *testing.T) {
	for _, raw := range []string{"_t=1", ".t=1", "+t=1", "%20t=1", "[t=1"} {
		if got, _ := Clean(raw, []Param{NewParam("_t", 0)}); got != "" {
			t.Errorf("cleanQuery(%q) = %q, want nothing", raw, got)
		}
	}
}

func FuzzCleanQuery(f *testing.F) {
	for _, seed := range []string{
		"access_token=x&a=1", "%20access.token[]=1&b", "a;access%5btoken=2", "+%61ccess%00x=1", "[access_token]=1", "%u0061ccess_token",
		"access_token[x][y", "acc%65ss_token%5d=&&", "access[token]=1", "]]access_token", "access%2Btoken", "%61%u0063cess_token=",
	} {
		f.Add(seed)
	}
	const name = "access_token"
	params := []Param{NewParam(name, 0)}
	mayGo := regexp.MustCompile(`(?is)^[ \[\]]*access[ ._\[]token([\[\]].*)?$`)
	isSeparator := func(r rune) bool { return r == '&' || r == ';' }
	split := func(s string) []string { return strings.FieldsFunc(s, isSeparator) }

	f.Fuzz(func(t *testing.T, raw string) {
		clean, forged := Clean(raw, params)
		if !forged && clean != raw {
			t.Fatalf("%q became %q though nothing was forged", raw, clean)
		}
		for _, separators := range []string{"&", "&;"} {
			for _, seen := range namesSeen(clean, separators) {
				if strings.EqualFold(asciiOnly(seen), name) {
					t.Fatalf("in %q, left of %q, a backend sees %q", clean, raw, seen)
				}
			}
		}
		// what is left is what was there, in its order; what is gone could have been ours
		left := split(clean)
		for _, part := range split(raw) {
			if len(left) > 0 && left[0] == part {
				left = left[1:]
				continue
			}
			if !mayGo.MatchString(aspDecode(part)) && !mayGo.MatchString(queriestest.PHPDecode(part)) {
				t.Fatalf("%q of %q is gone", part, raw)
			}
		}
		if len(left) > 0 {
			t.Fatalf("%q of %q was not in %q", left, clean, raw)
		}
	})
}

// asciiOnly keeps strings.EqualFold to ASCII.
func asciiOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7f {
			return '?'
		}
		return r
	}, s)
}

// namesSeen gives the names under which backends of several kinds see the parameters of a query.
func namesSeen(query, separators string) []string {
	var names []string
	for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		name := queriestest.PHPDecode(part)
		for _, early := range []bool{false, true} {
			names = append(names, phpName(name, early))
		}
		names = append(names, rackName.FindStringSubmatch(name + "\x00")[1])
		if inner, ok := strings.CutPrefix(name, "["); ok { // qs
			inner, _, _ = strings.Cut(inner, "]")
			names = append(names, inner)
		}
		names = append(names, aspDecode(part))
		if values, err := url.ParseQuery(part); err == nil {
			for name := range values {
				names = append(names, name)
			}
		}
	}
	return names
}

var rackName = regexp.MustCompile(`(?s)^[\[\]]*([^\[\]]*)`)

// phpName is how PHP's php_register_variable_ex names a top-level variable; early is PHP before 8, which replaces
// only the first unclosed bracket and nothing behind it.
func phpName(name string, early bool) string {
	name, _, _ = strings.Cut(name, "\x00")
	name = strings.TrimLeft(name, " ")
	underscore := strings.NewReplacer(" ", "_", ".", "_", "[", "_")
	head, index, isArray := strings.Cut(name, "[")
	head = underscore.Replace(head)
	switch {
	case !isArray || head == "" || strings.Contains(index, "]"):
		return head
	case early:
		return head + "_" + index
	}
	return head + "_" + underscore.Replace(index)
}

var aspEscape = regexp.MustCompile(`(?i)%u00([0-9a-f]{2})`)

// aspDecode is HttpUtility.UrlDecode of a pair's name, as far as ASCII goes.
func aspDecode(part string) string {
	// %uXXXX must not make up new escapes, so what it stands for is kept apart until the others are decoded
	const mark = '\uE000'
	name := aspEscape.ReplaceAllStringFunc(part, func(s string) string {
		c, _ := url.PathUnescape("%" + s[4:])
		return string(mark + rune(c[0]))
	})
	name, _, _ = strings.Cut(name, "=")
	name = strings.Map(func(r rune) rune {
		if mark <= r && r < mark+0x100 {
			return r - mark
		}
		return r
	}, queriestest.PHPDecode(name))
	name, _, _ = strings.Cut(name, "\x00")
	return name
}

func TestReferencePHP(t *testing.T) {
	tests := []struct{ raw, early, late string }{
		{"a", "a", "a"},
		{"+a.b=1", "a_b", "a_b"},
		{"a[b]=1", "a", "a"},
		{"a[b", "a_b", "a_b"},
		{"a[b.c", "a_b.c", "a_b_c"},
		{"a%00b", "a", "a"},
		{"[a]", "", ""},
	}
	for _, tc := range tests {
		if got := []string{phpName(queriestest.PHPDecode(tc.raw), true), phpName(queriestest.PHPDecode(tc.raw), false)}; !slices.Equal(got, []string{tc.early, tc.late}) {
			t.Errorf("%q: got %q, want %q and %q", tc.raw, got, tc.early, tc.late)
		}
	}
}

func BenchmarkCleanQuery(b *testing.B) {
	params := []Param{NewParam("access_token", 0)}
	for name, raw := range map[string]string{
		"usual":  "page=2&size=20&keyword=%E4%BC%9A%E5%91%98&sort=created_at",
		"forged": "page=2&size=20&access_token=x&sort=created_at",
		"16KiB":  strings.Repeat("%20access_toke=1&", 16<<10/17),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Clean(raw, params)
			}
		})
	}
}
