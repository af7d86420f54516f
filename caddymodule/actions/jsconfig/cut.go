package jsconfig

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
)

// additions are what WeChat puts behind the addresses of pages: when they are shared, opened from a message or a code, or come
// back from a log-in.
var additions = []string{"from", "isappinstalled", "code", "state", "scene", "clicktime", "enterid", "nsukey"}

// wasCut tells whether the page's address lost what follows its first &: whether it stands unencoded in a query or a form, with
// a part of it beside it. Signed as it is, it would be refused on exactly those phones whose pages were shared.
func wasCut(pairs string) bool {
	if strings.IndexByte(pairs, '?') < 0 {
		return false
	}
	unencoded, beside := false, false
	for name, value := range queries.Pairs(pairs) {
		switch {
		case name == "url":
			unencoded = unencoded || strings.IndexByte(value, '?') >= 0
		case slices.Contains(additions, name):
			beside = true
		}
	}
	return unencoded && beside
}

// pairsOf gives the query of a GET or the form of a POST as it came, and leaves it where it is; "" for all other bodies.
func pairsOf(r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		return r.URL.RawQuery, nil
	}
	if r.Body == nil || r.ContentLength == 0 {
		return "", nil
	}
	if mediaType, err := bodies.MediaType(r.Header); err != nil || mediaType != bodies.Form {
		return "", nil //nolint:nilerr // whoever reads the body says what is wrong with it
	}
	body, _, err := bodies.Peek(r)
	return string(body), err
}
