package fill_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/fill"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
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

var boundaries = regexp.MustCompile(`[0-9a-f]{60}`)

// reply is all that a client sees.
type reply struct {
	status  int
	header  http.Header
	body    string
	trailer http.Header
	failed  bool
}

func (q *question) ask(t *testing.T, client *http.Client, url string) *reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, url, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "localhost"
	r.Header = q.header.Clone()
	resp, err := client.Do(r)
	if err != nil {
		return &reply{failed: true}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Header.Del("Date")
	resp.Header.Del("Alt-Svc")
	if boundary := boundaries.FindString(resp.Header.Get("Content-Type")); boundary != "" { // of several parts, drawn each time
		resp.Header.Set("Content-Type", strings.ReplaceAll(resp.Header.Get("Content-Type"), boundary, "B"))
		body = bytes.ReplaceAll(body, []byte(boundary), []byte("B"))
	}
	if len(body) == 0 && resp.Header.Get("Content-Length") == "0" {
		resp.Header.Del("Content-Length") // it depends on when the proxy's timer flushes
	}
	if resp.ProtoMajor == 3 { // the client keeps any one of several lines
		for name := range resp.Trailer {
			resp.Trailer[name] = nil
		}
	}
	return &reply{resp.StatusCode, resp.Header, string(body), resp.Trailer, err != nil}
}

// plain gives the body without its packing.
func (a *reply) plain() (string, bool) {
	lines := a.header["Content-Encoding"]
	if len(lines) == 0 {
		return a.body, true
	}
	p, ok := packings[lines[0]]
	if !ok {
		return "", false
	}
	r, err := p.unpack(strings.NewReader(a.body))
	if err != nil {
		return "", false
	}
	all, err := io.ReadAll(r)
	return string(all), err == nil
}

// filledOf gives what is in a JSON text, with true in the place of each cardExt that is to be signed, and how many these are.
func filledOf(text string) (value any, cards int) {
	if json.Unmarshal(bytes.TrimPrefix([]byte(text), []byte("\uFEFF")), &value) != nil {
		return nil, 0
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			_, isObject := v["cardExt"].(map[string]any)
			if _, isText := v["cardId"].(string); isText && isObject {
				v["cardExt"] = true
				cards++
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(value)
	return value, cards
}

// cardsIn tells how many cards of an answer are to be signed, by a reading of the documents that is not the code's.
func (a *reply) cardsIn(method string, maxBody int) (value any, cards int) {
	if method == "HEAD" || a.status < 200 || a.status > 299 || slices.Contains([]int{204, 205, 206}, a.status) || len(a.header["Content-Type"]) == 0 {
		return nil, 0
	}
	for _, value := range strings.Split(strings.Join(a.header["Content-Type"], ","), ",") {
		if typ, more, _ := strings.Cut(strings.TrimSpace(value), ";"); !slices.Contains([]string{"application/json", "application/hal+json", "text/json"}, typ) || strings.Contains(more, "gbk") {
			return nil, 0
		}
	}
	text, ok := a.plain()
	if !ok || len(text) > maxBody || len(a.body) > maxBody {
		return nil, 0
	}
	return filledOf(text)
}

// compare says what fill did to an answer that it has no business with.
func compare(q *question, got, want *reply, maxBody int) string {
	header := func(a *reply, without ...string) http.Header {
		h := a.header.Clone()
		for _, name := range without {
			delete(h, name)
		}
		return h
	}
	about := func(what string, got, want any) string { return fmt.Sprintf("%s: got %v, want %v", what, got, want) }
	if got.status != want.status || got.failed != want.failed {
		return about("status", got.status, want.status)
	}
	value, cards := want.cardsIn(q.method, maxBody)
	if cards == 0 {
		without := []string(nil)
		if q.method == "HEAD" { // what the GET would bring is not known
			without = append(fill.ValidatorFields[:], "Content-Length")
			for _, name := range without {
				if had := got.header[name]; had != nil && !slices.Equal(had, want.header[name]) {
					return about(name, had, want.header[name])
				}
			}
		}
		if want.header["Content-Length"] == nil && got.header.Get("Content-Length") == fmt.Sprint(len(got.body)) {
			without = append(without, "Content-Length") // the same, framed otherwise
		}
		switch {
		case !reflect.DeepEqual(header(got, without...), header(want, without...)):
			return about("header", header(got, without...), header(want, without...))
		case got.body != want.body:
			return about("body", got.body, want.body)
		case !reflect.DeepEqual(got.trailer, want.trailer):
			return about("trailers", got.trailer, want.trailer)
		}
		return ""
	}
	without := slices.Concat(fill.ValidatorFields[:], fill.CachingFields[:], []string{"Content-Length", "Content-Encoding", "Cache-Control"})
	if !reflect.DeepEqual(header(got, without...), header(want, without...)) {
		return about("header of a filled answer", got.header, want.header)
	}
	for _, name := range append(fill.ValidatorFields[:], "Content-Encoding") {
		if got.header[name] != nil {
			return "a filled answer has " + name
		}
	}
	if cache := got.header.Get("Cache-Control"); !strings.HasPrefix(cache, "no-store") || strings.Contains(cache, "no-transform") != strings.Contains(want.header.Get("Cache-Control"), "no-transform") {
		return "a filled answer has Cache-Control: " + cache
	}
	if length := got.header.Get("Content-Length"); length != "" && length != fmt.Sprint(len(got.body)) {
		return "a filled answer has Content-Length: " + length
	}
	delete(want.trailer, "Etag")
	delete(got.trailer, "Etag")
	if !reflect.DeepEqual(got.trailer, want.trailer) {
		return about("trailers", got.trailer, want.trailer)
	}
	var signed any
	if err := json.Unmarshal(bytes.TrimPrefix([]byte(got.body), []byte("\uFEFF")), &signed); err != nil {
		return about("a filled body", got.body, err)
	}
	n := 0
	var walk func(got, want any) bool
	walk = func(got, want any) bool {
		switch want := want.(type) {
		case []any:
			g, ok := got.([]any)
			return ok && slices.EqualFunc(g, want, walk)
		case map[string]any:
			g, ok := got.(map[string]any)
			return ok && maps.EqualFunc(g, want, walk)
		case bool:
			text, ok := got.(string)
			n++
			return ok && strings.Contains(text, `"signature":"`)
		}
		return reflect.DeepEqual(got, want)
	}
	if !walk(signed, value) || n != cards {
		return about("a filled body", got.body, want.body)
	}
	return ""
}

// fronts are one site by each version of HTTP.
type front struct {
	client *http.Client
	url    string
}

func fronts(t *testing.T, site http.Handler) map[string]front {
	t.Helper()
	plain := httptest.NewServer(site)
	t.Cleanup(plain.Close)
	h2 := httptest.NewUnstartedServer(site)
	h2.EnableHTTP2 = true
	h2.StartTLS()
	t.Cleanup(h2.Close)

	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h3 := &http3.Server{Handler: site, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: h2.TLS.Certificates})} //nolint:gosec // HTTP/3 is TLS 1.3
	go func() { _ = h3.Serve(conn) }()
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // for tests
		Dial: func(ctx context.Context, _ string, t *tls.Config, c *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, conn.LocalAddr().String(), t, c)
		},
		DisableCompression: true,
	}
	t.Cleanup(func() {
		transport.Close()
		h3.Close()
		conn.Close()
	})
	client := func(transport http.RoundTripper) *http.Client {
		return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	over2 := h2.Client().Transport.(*http.Transport)
	over2.DisableCompression = true
	return map[string]front{
		"HTTP/1.1": {client(&http.Transport{DisableCompression: true}), plain.URL},
		"HTTP/2":   {client(over2), h2.URL},
		"HTTP/3":   {client(transport), "https://localhost"},
	}
}

// same sends requests to a site with fill and to one without, and compares all that comes. Where an answer has cards to sign,
// nothing but its body and what is said of the body may differ.
func same(t *testing.T, outside, inside string, n int, target func(*rand.Rand) (path, about string)) {
	t.Helper()
	const maxBody = 2048
	with := fronts(t, sitetest.New(t, outside+fmt.Sprintf("wechat_card fill {\ncard p1 p2\nmax_body %d\n}\n", maxBody)+inside).Server)
	without := fronts(t, sitetest.New(t, outside+inside).Server)
	rnd := rand.New(rand.NewPCG(7, 7))
	filled := 0
	for range n {
		path, about := target(rnd)
		q := newQuestion(rnd)
		version := pick(rnd, "HTTP/1.1", "HTTP/1.1", "HTTP/2", "HTTP/3")
		got := q.ask(t, with[version].client, with[version].url+path)
		want := q.ask(t, without[version].client, without[version].url+path)
		if _, cards := want.cardsIn(q.method, maxBody); cards > 0 {
			filled++
		}
		if fault := compare(q, got, want, maxBody); fault != "" {
			t.Errorf("%s %s %s %v %q\n%s\n%s", version, q.method, path, q.header, q.body, fault, about)
		}
	}
	if filled < 3 {
		t.Errorf("of %d answers %d had cards", n, filled)
	}
}

// TestFillDifferential has a backend answer in all ways that it can think of.
func TestFillDifferential(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		var seed uint64
		_, _ = fmt.Sscan(r.URL.Query().Get("seed"), &seed)
		newPlan(seed).answer(t, w, r)
	}))
	defer backend.Close()
	proxy := "reverse_proxy " + backend.Listener.Addr().String() + "\n"
	target := func(rnd *rand.Rand) (string, string) {
		seed := rnd.Uint64()
		return fmt.Sprintf("/x?seed=%d", seed), fmt.Sprintf("the backend: %+v", newPlan(seed))
	}
	for name, site := range map[string]struct{ outside, inside string }{
		"alone":           {"", proxy},
		"encode in front": {"encode\n", proxy},
		"encode behind":   {"", "handle {\nencode\n" + proxy + "}\n"},
	} {
		t.Run(name, func(t *testing.T) { same(t, site.outside, site.inside, 250, target) })
	}
}

// TestFillDifferentialFiles has Caddy's file server answer, with files that are compressed already beside those that are not.
func TestFillDifferentialFiles(t *testing.T) {
	root := t.TempDir()
	paths := []string{"/missing", "/"}
	for name, text := range map[string]string{
		"card.json": cardJSON, "nothing.json": `{"a":"` + strings.Repeat("x", 1000) + `"}`, "style.css": strings.Repeat("a{color:red}\n", 100),
		"photo.png": "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1000), "index.html": strings.Repeat("<p>text</p>", 100), "large.json": "[" + strings.Repeat(" ", 3000) + cardJSON + "]",
	} {
		paths = append(paths, "/"+name)
		for suffix, coding := range map[string]string{"": "", ".gz": "gzip", ".br": "br", ".zst": "zstd"} {
			if err := os.WriteFile(filepath.Join(root, name+suffix), []byte(packed(t, coding, text)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	target := func(rnd *rand.Rand) (string, string) { return pick(rnd, paths...), "" }
	files := "root * " + root + "\nfile_server "
	for name, inside := range map[string]string{
		"compressed already": files + "{\nprecompressed zstd br gzip\n}\n",
		"encode behind":      "handle {\nencode\n" + files + "\n}\n",
	} {
		t.Run(name, func(t *testing.T) { same(t, "", inside, 250, target) })
	}
}

// TestFillRevalidates takes the validators of answers, and asks again with them: 304 and parts come as without fill.
func TestFillRevalidates(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"nothing.json": `{"a":1}`, "photo.png": "\x89PNG", "style.css": strings.Repeat("a{color:red}\n", 100), "card.json": cardJSON} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := sitetest.NewListening(t, "encode\nwechat_card fill {\ncard p1\n}\nroot * "+root+"\nfile_server", nil)
	for _, path := range []string{"/nothing.json", "/photo.png", "/style.css"} {
		for _, accept := range []string{"identity", "gzip"} {
			resp, _ := s.Send("GET", path, "Accept-Encoding: "+accept)
			for _, header := range []string{"If-None-Match: " + resp.Header.Get("Etag"), "If-Modified-Since: " + resp.Header.Get("Last-Modified")} {
				if again, body := s.Send("GET", path, "Accept-Encoding: "+accept, header); again.StatusCode != http.StatusNotModified || body != "" {
					t.Errorf("%s, %s, %s: got %d", path, accept, header, again.StatusCode)
				}
			}
			part, body := s.Send("GET", path, "Accept-Encoding: identity", "Range: bytes=1-2", "If-Range: "+resp.Header.Get("Etag"))
			if accept == "identity" && (part.StatusCode != http.StatusPartialContent || len(body) != 2) {
				t.Errorf("%s: got %d %q of a part", path, part.StatusCode, body)
			}
		}
	}
	resp, _ := s.Send("GET", "/card.json")
	for _, name := range fill.ValidatorFields {
		if resp.Header[name] != nil {
			t.Errorf("what was filled has %s: %s", name, resp.Header[name])
		}
	}
}
