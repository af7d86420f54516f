package queries

import (
	"net/url"
	"strings"
	"testing"
)

// Taking parameters out leaves everything else as it is, for every reading of a query.
func FuzzCutParams(f *testing.F) {
	f.Add("a=1&js_code=2&&b;js_code=3&js%5fcode=%zz&=")
	f.Fuzz(func(t *testing.T, raw string) {
		got := Cut(raw, func(name string) bool { return name == "js_code" })
		if again := Cut(got, func(name string) bool { return name == "js_code" }); again != got {
			t.Errorf("%q becomes %q, and that %q", raw, got, again)
		}
		if !strings.Contains(raw, "js") && !strings.Contains(raw, "%") && got != raw {
			t.Errorf("%q becomes %q", raw, got)
		}
		before, _ := url.ParseQuery(raw)
		after, _ := url.ParseQuery(got)
		if after.Has("js_code") {
			t.Errorf("%q becomes %q", raw, got)
		}
		delete(before, "js_code")
		if before.Encode() != after.Encode() {
			t.Errorf("%q becomes %q", raw, got)
		}
	})
}
