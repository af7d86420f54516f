package inject

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
)

// cutter cuts credentials out of text that holds URLs.
type cutter struct {
	values []string
	plain  []string // the values, also percent-encoded as programs do it
	blanks bool     // a value holds a plus or a blank, of which each may have become the other
}

func (c *cutter) add(value string) {
	if slices.Contains(c.values, value) {
		return
	}
	c.values = append(c.values, value)
	c.blanks = c.blanks || strings.ContainsAny(value, "+ ")
	for _, form := range [...]string{value, url.QueryEscape(value), url.PathEscape(value)} {
		if !slices.Contains(c.plain, form) {
			c.plain = append(c.plain, form)
		}
	}
}

// header cuts credentials out of all fields of h. It names one that held any, and tells whether Location did.
func (c *cutter) header(h http.Header) (held string, cutLocation bool) {
	for key, values := range h {
		if c.field(h, key, values) {
			held = http.CanonicalHeaderKey(strings.TrimPrefix(key, http.TrailerPrefix))
			cutLocation = cutLocation || held == "Location"
		}
	}
	return held, cutLocation
}

// field cuts credentials out of one field, and tells whether there were any.
func (c *cutter) field(h http.Header, key string, values []string) bool {
	cut := c.value
	if !holdsURL(key) {
		cut = c.text
	}
	for i, value := range values {
		if cut(value) == value {
			continue
		}
		// a slice of our own: the handler may still use the one it put there
		kept := append(make([]string, 0, len(values)), values[:i]...)
		for _, value := range values[i:] {
			if clean := cut(value); clean != "" || value == "" {
				kept = append(kept, clean)
			}
		}
		if len(kept) == 0 {
			delete(h, key)
		} else {
			h[key] = kept
		}
		return true
	}
	return false
}

// holdsURL tells whether a field holds URLs, among whatever else.
func holdsURL(key string) bool {
	switch len(key) {
	case len("Link"), len("Refresh"), len("Location"), len("Content-Location"):
		switch http.CanonicalHeaderKey(key) {
		case "Location", "Link", "Refresh", "Content-Location":
			return true
		}
	}
	return false
}

// text is value for fields that may hold anything. Unless it is a URL, nothing is left of it: half an ETag or half a cookie is
// worse than none.
func (c *cutter) text(s string) string {
	clean := c.value(s)
	isURL := (strings.HasPrefix(s, "/") || strings.HasPrefix(s, "?") || strings.HasPrefix(s, "http")) && !strings.ContainsAny(s, " \t,;<>\"'")
	if clean != s && !isURL {
		return ""
	}
	return clean
}

// maxCuts bounds the work on one header field. A Link of more credentials than that is not worth keeping.
const maxCuts = 32

// value returns s without the credentials, percent-encoded to any depth or not, and without the pairs of a query
// that they stood in. Where a credential cannot be got out, nothing is left of s.
func (c *cutter) value(s string) string {
	if !c.suspects(s) {
		return s
	}
	clean := s
	var t text
	for range maxCuts {
		t.decode(clean)
		from, to := c.find(&t)
		switch {
		case to != 0:
			clean = clean[:from] + clean[to:]
			continue
		case c.holdsPlain(clean): // behind a stray %, which took its first letters for an escape
			return ""
		case clean == "" && strings.HasPrefix(s, "?"):
			return "?" // the same path, without any query
		}
		return clean
	}
	return ""
}

// suspects tells whether s may hold a credential, without decoding it.
func (c *cutter) suspects(s string) bool {
	return c.blanks || strings.IndexByte(s, '%') >= 0 || c.holdsPlain(s)
}

func (c *cutter) holdsPlain(s string) bool {
	return slices.ContainsFunc(c.plain, func(form string) bool { return strings.Contains(s, form) })
}

// find gives the bounds, in the encoded text, of what to cut for the first credential in t; 0, 0 when there is none.
func (c *cutter) find(t *text) (from, to int) {
	for _, value := range c.values {
		if strings.IndexByte(value, '%') >= 0 {
			value = decodedFully(value) // as t is
		}
		if i := t.index(value); i >= 0 {
			from, to := t.pair(i, i+len(value))
			return t.start(from), t.start(to)
		}
	}
	return 0, 0
}

func (t *text) decode(s string) {
	t.bytes, t.length = slices.Grow(t.bytes[:0], len(s)), len(s)
	for i := range len(s) {
		t.bytes = append(t.bytes, textByte{c: s[i], start: i})
		for n := len(t.bytes) - 3; n >= 0 && t.bytes[n].c == '%'; n = len(t.bytes) - 3 {
			b, hi, lo := &t.bytes[n], t.bytes[n+1], t.bytes[n+2]
			c, ok := queries.HexPair(hi.c, lo.c)
			if !ok {
				break
			}
			b.c, b.layer = c, min(max(b.layer, hi.layer, lo.layer), 254)+1
			t.bytes = t.bytes[:n+1]
		}
	}
}

// start is where byte i begins in the encoded text.
func (t *text) start(i int) int {
	if i == len(t.bytes) {
		return t.length
	}
	return t.bytes[i].start
}

// index finds needle, a blank and a plus counting as equal: one is what the other becomes in a query.
func (t *text) index(needle string) int {
search:
	for i := range len(t.bytes) - len(needle) + 1 {
		for j := range len(needle) {
			if c, d := needle[j], t.bytes[i+j].c; c != d && (c != '+' && c != ' ' || d != '+' && d != ' ') {
				continue search
			}
		}
		return i
	}
	return -1
}

// pair widens from:to to the pair of a query that holds it, together with one of its separators. Outside a query it stays.
func (t *text) pair(from, to int) (int, int) {
	begin := from // of the URL
	for begin > 0 && !t.delimits(begin-1) {
		begin--
	}
	open := begin // where the first query begins, or a fragment that may be one
	for open < from && t.bytes[open].c != '?' && t.bytes[open].c != '#' {
		open++
	}
	if open == from {
		return from, to // in a path
	}
	isSeparator := func(i int) bool { // the semicolon: of old frameworks, and of &amp;
		return i > open && (t.bytes[i].c == '&' || t.bytes[i].c == ';')
	}

	left := from - 1
	for left > open && t.bytes[left].c != '?' && t.bytes[left].c != '#' && !isSeparator(left) {
		left--
	}
	layer := t.bytes[left].layer

	right := to
	for right < len(t.bytes) && !t.delimits(right) && !(t.bytes[right].c == '\'' && t.bytes[right].layer == 0) &&
		!(t.bytes[right].layer <= layer && (isSeparator(right) || t.bytes[right].c == '#')) {
		right++
	}
	if !isSeparator(left) && right < len(t.bytes) && isSeparator(right) && t.bytes[right].layer == layer && t.opensQuery(begin, left) {
		return left + 1, right + 1 // what follows moves up behind the question mark
	}
	return left, right
}

// opensQuery tells whether the question mark at i begins a query, rather than being part of a value, as in
// /login?return=/x?a=1&b=2, where b belongs to /login.
func (t *text) opensQuery(begin, i int) bool {
	for j := i - 1; t.bytes[i].c == '?' && j >= begin; j-- {
		switch {
		case t.bytes[j].layer > t.bytes[i].layer:
		case t.bytes[j].c == '?':
			return t.bytes[j].layer < t.bytes[i].layer
		case t.bytes[j].c == '&' && t.bytes[j].layer < t.bytes[i].layer:
			return true
		}
	}
	return true
}

// delimits tells whether byte i ends a URL in a header field: the angle brackets of Link, quotes, blanks.
func (t *text) delimits(i int) bool {
	if t.bytes[i].layer > 0 {
		return false
	}
	switch t.bytes[i].c {
	case ' ', '\t', '<', '>', '"':
		return true
	}
	return false
}
