package fill_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/fill"
)

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
	if resp.Header.Get("Content-Type") == http.DetectContentType(body) {
		resp.Header.Del("Content-Type") // Go's server saw it in the body: whether it sees a body depends on that timer too
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
	for value := range strings.SplitSeq(strings.Join(a.header["Content-Type"], ","), ",") {
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

// samePacked tells whether two bodies that Caddy's encode packed hold the same: where it cut them depends on when the proxy's
// timer flushes.
func samePacked(got, want *reply) bool {
	g, ok := got.plain()
	w, also := want.plain()
	return ok && also && boundaries.ReplaceAllString(g, "B") == boundaries.ReplaceAllString(w, "B")
}

// compare says what fill did to an answer that it has no business with; where encode packs, what is packed may be cut otherwise.
func compare(q *question, got, want *reply, maxBody int, encode bool) string {
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
		case got.body != want.body && (!encode || !samePacked(got, want)):
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
