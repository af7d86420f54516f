package login

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzForm has net/url read the same form: what is taken is what it finds, and what is left is every other pair as it came.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"js_code=a", "a=1&js%5Fcode=%61b&b=2", "js_code=&x", "js_code=a&js_code=b", "js_code=a+b", "&&js_code=a&&", "js_code=%2", "JS_CODE=a",
		"js_code[]=a", "a=%zz&js_code=a;b=1", ` {"js_code":"a"}`, "js_code", "=js_code", "js_code=a=b", "js_code=\x80", "js_code=a\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		if begin := strings.TrimSpace(form); strings.HasPrefix(begin, "{") || strings.HasPrefix(begin, "[") || len(form) > 4096 {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		// phone_code is another one, which is not there
		var code string
		codes, err := takeCodes(r, place{"js_code", "js_code"}, place{"absent", "absent"})
		if err == nil {
			code, err = codes[0].S, codes[0].check()
		}
		body, readErr := io.ReadAll(r.Body)
		if readErr != nil {
			t.Fatal(readErr)
		}
		var found, left []string
		for pair := range strings.SplitSeq(form, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name, err := url.QueryUnescape(name); err != nil || name != jsCodeName {
				left = append(left, pair)
				continue
			}
			found = append(found, value)
		}
		if want := strings.Join(left, "&"); string(body) != want {
			t.Fatalf("%q leaves %q, want %q", form, body, want)
		}
		if err == nil {
			if len(found) != 1 {
				t.Fatalf("%q gives %q", form, code)
			}
			want, unescapeErr := url.QueryUnescape(found[0])
			if unescapeErr != nil || code != want || code == "" || len(code) > 256 || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Fatalf("%q gives %q, want %q, %v", form, code, want, unescapeErr)
			}
		} else if len(found) == 1 {
			value, unescapeErr := url.QueryUnescape(found[0])
			odd := func(c byte) bool { return c <= ' ' || c > '~' }
			if unescapeErr == nil && value != "" && len(value) <= 256 && !slices.ContainsFunc([]byte(value), odd) {
				t.Fatalf("%q is refused: %v", form, err)
			}
		}
	})
}
