package fill_test

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func pick[T any](rnd *rand.Rand, from ...T) T { return from[rnd.IntN(len(from))] }

// sorted gives a map in the order of its keys, so that what is drawn for it is the same each time.
func sorted(m map[string][]string) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}

// plan is one answer of a backend.
type plan struct {
	status  int
	types   []string
	coding  string // what it is packed by, whatever is asked for
	body    string
	told    bool // it has a Content-Length
	serve   bool // http.ServeContent sends it: with parts and 304
	header  map[string]string
	trailer bool
	flush   bool
	pieces  int
}

func newPlan(seed uint64) *plan {
	rnd := rand.New(rand.NewPCG(seed, 1))
	p := &plan{
		status: pick(rnd, 200, 200, 200, 200, 200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 304, 400, 403, 404, 409, 410, 422, 451, 500, 503, 599),
		types: pick(rnd, []string{"application/json"}, []string{"application/json"}, []string{"application/json; charset=utf-8"}, []string{"text/html"},
			[]string{"image/png"}, []string{"application/json", "application/json"}, []string{"application/json", "text/html"}, []string{"application/json, application/json"},
			[]string{"application/hal+json"}, []string{"application/connect+json"}, []string{"application/json; charset=gbk"}, []string{"text/event-stream"}, []string{"text/json"}, nil),
		coding: pick(rnd, "", "", "", "gzip", "br", "deflate", "zstd", "unknown"),
		body: pick(rnd, "", `{"a":1}`, `{"card":{"cardId":"p1","cardExt":{}},"b":[1.50,"\u4f1a"]}`, `[{"cardExt":{"outer_str":"x"},"cardId":"p2"},{"cardId":"p1","cardExt":"{}"}]`,
			"{\"n\":1}\n{\"cardId\":\"p1\",\"cardExt\":{}}\n", `{"cardExt":{},"cardId":"p1"`, strings.Repeat(`<p>text</p>`, 100), cardJSON+strings.Repeat(" ", 3000), "\uFEFF"+cardJSON,
			`{"extraData":{"card_id":"x","a":1},"cardExt":1}`),
		told:    pick(rnd, true, false),
		serve:   pick(rnd, true, false),
		trailer: pick(rnd, true, false, false),
		flush:   pick(rnd, true, false),
		pieces:  pick(rnd, 1, 5, 1000),
		header:  make(map[string]string),
	}
	for name, values := range sorted(map[string][]string{
		"Etag": {`"1"`, `W/"1"`}, "Last-Modified": {"Sat, 21 Nov 2026 00:00:00 GMT"}, "Cache-Control": {"max-age=60", "no-transform", "private"},
		"Set-Cookie": {"a=b"}, "Vary": {"Origin"}, "Expires": {"0"}, "Digest": {"x"}, "Location": {"/there"}, "Content-Disposition": {"inline"},
		"Access-Control-Allow-Origin": {"*"}, "X-Sum": {"5"}, "Link": {"</a>; rel=preload"}, "Accept-Ranges": {"bytes"}, "Age": {"3"}, "Retry-After": {"1"},
	}) {
		if rnd.IntN(3) == 0 {
			p.header[name] = pick(rnd, values...)
		}
	}
	return p
}

// answer is the backend.
func (p *plan) answer(t *testing.T, w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, value := range p.header {
		h.Set(name, value)
	}
	h["Content-Type"] = p.types
	body := p.body
	if p.coding != "" {
		h.Set("Content-Encoding", p.coding)
		if packings[p.coding].pack != nil {
			body = packed(t, p.coding, body)
		}
	}
	if p.serve {
		http.ServeContent(w, r, "", time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), strings.NewReader(body))
		return
	}
	if p.status == 204 || p.status == 205 || p.status == 304 {
		body = ""
	}
	if p.trailer {
		h.Set("Trailer", "X-Sum, Etag")
	} else if p.told && p.status != 204 && p.status != 304 {
		h.Set("Content-Length", fmt.Sprint(len(body)))
	}
	w.WriteHeader(p.status)
	if p.flush {
		_ = http.NewResponseController(w).Flush()
	}
	for piece := range slices.Chunk([]byte(body), p.pieces) {
		_, _ = w.Write(piece)
	}
	if p.trailer {
		h.Set("X-Sum", "7")
		h.Set("Etag", `"2"`)
		h.Set(http.TrailerPrefix+"X-Late", "8")
	}
}

// question is one request.
type question struct {
	method string
	header http.Header
	body   string
}

func newQuestion(rnd *rand.Rand) *question {
	q := &question{method: pick(rnd, "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"), header: make(http.Header)}
	for name, values := range sorted(map[string][]string{
		"Accept-Encoding": {"gzip", "gzip, deflate, br", "identity", "zstd;q=1, gzip;q=0", "*", ""}, "Range": {"bytes=0-3", "bytes=5-", "bytes=9999-", "bytes=0-1,3-4"},
		"If-Range": {`"1"`, `"2"`}, "If-None-Match": {`"1"`, `"2", "1"`, "*"}, "If-Match": {`"1"`}, "If-Modified-Since": {"Sun, 22 Nov 2026 00:00:00 GMT"},
		"If-Unmodified-Since": {"Sun, 22 Nov 2015 00:00:00 GMT"}, "Cache-Control": {"no-transform"}, "Te": {"trailers"}, "Origin": {"https://shop.example.com"},
	}) {
		if rnd.IntN(4) == 0 {
			q.header.Set(name, pick(rnd, values...))
		}
	}
	if q.method != "GET" && q.method != "HEAD" {
		q.body = pick(rnd, "", `{"a":1}`)
	}
	return q
}
