package card

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAppendString(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", `""`},
		{"plain", `"plain"`},
		{`quote " backslash \ slash /`, `"quote \" backslash \\ slash /"`},
		{"<a href='x'>&amp;</a>", `"<a href='x'>&amp;</a>"`},
		{"会员卡🎁é", `"会员卡🎁é"`},
		{"\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"\x00\x01\x1f\x7f", `"\u0000\u0001\u001f` + "\x7f\""},
		{"a\u2028b\u2029c", "\"a\u2028b\u2029c\""},
		{"\uFFFD", "\"\uFFFD\""},
		{"a\xffb\xc3", "\"a\uFFFDb\uFFFD\""},
		{"\xed\xa0\x80", "\"\uFFFD\uFFFD\uFFFD\""}, // a surrogate
	} {
		if got := string(AppendString(nil, test.in)); got != test.want {
			t.Errorf("%q: got %s, want %s", test.in, got, test.want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", `"\/`, "会员🎁\u2028\u2029", "\x00\x1f\x7f\b\f\n\r\t", "\xff\xc3\xed\xa0\x80", `\\""\\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkLiteral(t, AppendString(nil, s), s)

		// And once more, as escapeAgain does it for a literal in a literal.
		first := appendEscaped(nil, s)
		twice := append([]byte{'"'}, first...)
		twice = append(escapeAgain(twice, 1), '"')
		var inner string
		if err := json.Unmarshal(twice, &inner); err != nil || inner != string(first) {
			t.Errorf("%q: %s holds %q (%v)", s, twice, inner, err)
		}
	})
}

func checkLiteral(t *testing.T, literal []byte, s string) {
	t.Helper()
	var got string
	if err := json.Unmarshal(literal, &got); err != nil {
		t.Fatalf("%q: %v in %s", s, err, literal)
	}
	var want strings.Builder // each invalid byte is one U+FFFD
	for _, r := range s {
		want.WriteRune(r)
	}
	if got != want.String() {
		t.Errorf("%q came back as %q", s, got)
	}
	if i := strings.Index(string(literal), `\u`); i >= 0 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) &&
		!strings.Contains(s, `\u`) {
		t.Errorf(`%q: \u escape in %s`, s, literal)
	}
}
