package inject

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	injectToken  = "57_access-token_A"
	injectTicket = "ojZ8Yt-api_ticket+/="
	injectJSAPI  = "sM4AOV-jsapi_ticket"
)

// stubCredentials stands in for an account.
type stubCredentials map[credential.Kind]string

func (s stubCredentials) Credential(_ context.Context, kind credential.Kind) (string, error) {
	if value, ok := s[kind]; ok {
		return value, nil
	}
	return "", &credential.Unavailable{Kind: kind, RetryAt: time.Now().Add(time.Minute), Err: errors.New("stub")}
}

func (stubCredentials) MiniProgram(string) (*plugin.Account, error) { return nil, errors.New("stub") }

var allCredentials = stubCredentials{
	credential.AccessToken: injectToken,
	credential.APITicket:   injectTicket,
	credential.JSAPITicket: injectJSAPI,
}

func newInject(t testing.TB, config string) *Inject {
	t.Helper()
	in := new(Inject)
	if err := json.Unmarshal([]byte(config), in); err != nil {
		t.Fatal(err)
	}
	if err := in.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	return in
}

// injectRequest makes a request as a handler in Caddy gets it.
func injectRequest(w http.ResponseWriter, method, target string, body io.Reader) *http.Request {
	return caddyhttp.PrepareRequest(httptest.NewRequest(method, target, body), caddy.NewReplacer(), w, nil)
}

// TestInjectNeeds asks which credentials a configuration takes.
func TestInjectNeeds(t *testing.T) {
	in := new(Inject)
	err := in.UnmarshalCaddyfile(caddyfile.NewTestDispenser(`inject {
		header      X-Wechat-Api-Ticket api_ticket
		header      X-Wechat-Token access_token
		query       t jsapi_ticket
		placeholder api_ticket
		placeholder access_token
		optional
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Provision(caddy.Context{}); err != nil {
		t.Error(err)
	}
	if got, want := in.Needs(), []credential.Kind{credential.APITicket, credential.AccessToken, credential.JSAPITicket}; !reflect.DeepEqual(got, want) {
		t.Errorf("needs %v, want %v", got, want)
	}
}

// TestInjectCaddyfileRefuses is what testdata/adapt/errors.caddyfiletest does not have.
func TestInjectCaddyfileRefuses(t *testing.T) {
	for block, want := range map[string]string{
		``:                        "nothing to inject",
		`header X-A`:              "wrong argument count",
		`header X-A api_ticket x`: "wrong argument count",
		`query t`:                 "wrong argument count",
		`placeholder`:             "wrong argument count",
		`query t ticket`:          `unknown credential "ticket"`,
		`placeholder ticket`:      `unknown credential "ticket"`,
		"header X-A api_ticket\nheader x-a access_token": "already specified",
		"query t api_ticket\nquery t access_token":       "already specified",
		"placeholder api_ticket\nplaceholder api_ticket": "already specified",
		"optional\nplaceholder api_ticket\noptional":     "already specified",
		"placeholder api_ticket\noptional yes":           "wrong argument count",
	} {
		err := new(Inject).UnmarshalCaddyfile(caddyfile.NewTestDispenser("inject {\n" + block + "\n}"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", block, err, want)
		}
	}
	if err := new(Inject).UnmarshalCaddyfile(caddyfile.NewTestDispenser("inject api_ticket {\nquery t api_ticket\n}")); err == nil {
		t.Error("an argument is accepted")
	}
}

func TestInjectProvisionRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                                          "nothing to inject",
		`{"optional":true}`:                           "nothing to inject",
		`{"header":{"X-A":"ticket"}}`:                 `header X-A: unknown credential "ticket"`,
		`{"header":{"X-A":""}}`:                       `unknown credential ""`,
		`{"query":{"a":"ticket"}}`:                    `query a: unknown credential "ticket"`,
		`{"placeholder":["ticket"]}`:                  `unknown credential "ticket"`,
		`{"placeholder":["api_ticket","api_ticket"]}`: "configured twice",

		`{"header":{"X-A":"api_ticket","x-a":"api_ticket"}}`:  "X-A is configured twice",
		`{"query":{"a_b":"api_ticket","A.B":"access_token"}}`: "configured twice",
		`{"query":{"":"api_ticket"}}`:                         "needs a name",
		`{"query":{"a b":"api_ticket"}}`:                      "blanks",
		`{"query":{"a\u0000":"api_ticket"}}`:                  "control characters",
		`{"query":{"a[]":"api_ticket"}}`:                      "array",
	} {
		in := new(Inject)
		if err := json.Unmarshal([]byte(config), in); err != nil {
			t.Fatal(err)
		}
		if err := in.Provision(caddy.Context{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", config, err, want)
		}
	}
}

// TestInjectServe looks at what the next handler gets, and at what is left when it is done.
func TestInjectServe(t *testing.T) {
	const full = `{"header":{"x-ticket":"api_ticket"},"query":{"t":"api_ticket","js":"jsapi_ticket"},"placeholder":["access_token"]}`
	const optional = `{"header":{"x-ticket":"api_ticket"},"query":{"t":"api_ticket","js":"jsapi_ticket"},"placeholder":["access_token"],"optional":true}`
	const ours = "js=sM4AOV-jsapi_ticket&t=ojZ8Yt-api_ticket%2B%2F%3D"
	tests := []struct {
		name        string
		config      string
		credentials stubCredentials
		uri         string
		wantQuery   string // as the next handler sees it
		wantTicket  string // its header
		wantAfter   string // the query when all is over
		unavailable bool
	}{
		{"nothing forged", full, allCredentials, "/x?a=%20+&&b=%zz", ours + "&a=%20+&&b=%zz", injectTicket, "a=%20+&&b=%zz", false},
		{"no query", full, allCredentials, "/x", ours, injectTicket, "", false},
		{"forged", full, allCredentials, "/x?T=1&a=1&%4as[]=2", ours + "&a=1", injectTicket, "a=1", false},
		{"forged, no credential", full, stubCredentials{}, "/x?t=1&a=1", "", "", "a=1", true},
		{"forged, no credential, optional", optional, stubCredentials{}, "/x?t=1&a=1", "a=1", "", "a=1", false},
		{"forged, one credential, optional", optional, stubCredentials{credential.JSAPITicket: injectJSAPI}, "/x?t=1&a=1", "js=sM4AOV-jsapi_ticket&a=1", "", "a=1", false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			in := newInject(t, tc.config)
			w := httptest.NewRecorder()
			r := injectRequest(w, "PATCH", tc.uri, strings.NewReader("body"))
			uri := r.RequestURI
			r.Header["X-Ticket"] = []string{"forged", "twice"}
			r.Header["x-TICKET"] = []string{"forged"}
			r.Header["X_Ticket"] = []string{"forged"}
			r.Header["X-Tickets"] = []string{"other"}
			r.Header["Connection"] = []string{"keep-alive, x-Ticket", "X-TICKET", "Upgrade"}
			called := false
			next := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
				called = true
				if r.URL.RawQuery != tc.wantQuery {
					t.Errorf("query %q, want %q", r.URL.RawQuery, tc.wantQuery)
				}
				if strings.Contains(r.RequestURI, "forged") || strings.Contains(r.RequestURI, "ticket") {
					t.Errorf("RequestURI is %q", r.RequestURI)
				}
				var want []string
				if tc.wantTicket != "" {
					want = []string{tc.wantTicket}
				}
				if got := r.Header["X-Ticket"]; !reflect.DeepEqual(got, want) {
					t.Errorf("header %q, want %q", got, want)
				}
				if got := r.Header["Connection"]; !reflect.DeepEqual(got, []string{"keep-alive", "Upgrade"}) {
					t.Errorf("Connection %q", got)
				}
				if got, ok := words.Replacer(r).GetString("http.wechat_card.access_token"); got != tc.credentials[credential.AccessToken] || !ok {
					t.Errorf("placeholder %q, %t", got, ok)
				}
				if body, _ := io.ReadAll(r.Body); string(body) != "body" || r.Method != "PATCH" {
					t.Errorf("%s with body %q", r.Method, body)
				}
				return nil
			})
			err := in.serve(w, r, next, tc.credentials)
			if _, ok := errors.AsType[*credential.Unavailable](err); ok != tc.unavailable || called == tc.unavailable {
				t.Errorf("got %v, next called: %t", err, called)
			}
			if r.URL.RawQuery != tc.wantAfter {
				t.Errorf("query %q afterwards, want %q", r.URL.RawQuery, tc.wantAfter)
			}
			if want, _, _ := strings.Cut(uri, "?"); tc.wantAfter != "" && r.RequestURI != want+"?"+tc.wantAfter {
				t.Errorf("RequestURI %q afterwards", r.RequestURI)
			}
			for key := range r.Header {
				if headers.Same(key, "X-Ticket") {
					t.Errorf("header %s afterwards", key)
				}
			}
			if len(r.Header["X-Tickets"]) != 1 {
				t.Error("the header beside ours is gone")
			}
			if value, ok := words.Replacer(r).GetString("http.wechat_card.access_token"); ok {
				t.Errorf("placeholder %q afterwards", value)
			}
			if got, _ := words.Replacer(r).GetString("http.request.orig_uri"); got != uri {
				t.Errorf("orig_uri %q, want %q", got, uri)
			}
		})
	}
}

func TestInjectTakesBackFromRewrittenURIs(t *testing.T) {
	in := newInject(t, `{"query":{"t":"api_ticket"}}`)
	w := httptest.NewRecorder()
	r := injectRequest(w, "GET", "/x?t=forged&a=1", nil)
	failed := errors.New("failed")
	err := in.serve(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		r.URL.Path = "/y"
		r.URL.RawQuery = "b=2&" + r.URL.RawQuery + "&return=" + url.QueryEscape("/x?"+r.URL.RawQuery)
		r.RequestURI = r.URL.RequestURI()
		w.Header().Set("Location", r.RequestURI)
		return failed
	}), allCredentials)
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if r.URL.RawQuery != "b=2&a=1&return=%2Fx%3Fa%3D1" || r.RequestURI != "/y?"+r.URL.RawQuery {
		t.Errorf("%s, %s", r.URL.RawQuery, r.RequestURI)
	}
	if got := w.Header().Get("Location"); got != r.RequestURI {
		t.Errorf("Location %s", got)
	}
}

func TestInjectTakesBackWhenNextPanics(t *testing.T) {
	in := newInject(t, `{"header":{"X-Ticket":"api_ticket"},"query":{"t":"api_ticket"}}`)
	w := httptest.NewRecorder()
	r := injectRequest(w, "GET", "/x?a=1", nil)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		_ = in.serve(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) }), allCredentials)
	}()
	if r.URL.RawQuery != "a=1" || r.Header.Get("X-Ticket") != "" {
		t.Errorf("%s, %v", r.URL.RawQuery, r.Header)
	}
}

func TestInjectTrailers(t *testing.T) {
	in := newInject(t, `{"header":{"X-Ticket":"api_ticket"}}`)
	w := httptest.NewRecorder()
	r := injectRequest(w, "POST", "/x", strings.NewReader("body"))
	r.Trailer = http.Header{"X-Ticket": nil, "X-Sum": nil}
	// as net/http does it when the body ends
	r.Body = io.NopCloser(io.MultiReader(r.Body, readerFunc(func([]byte) (int, error) {
		r.Trailer["X-Ticket"], r.Trailer["x_ticket"], r.Trailer["X-Sum"] = []string{"forged"}, []string{"forged"}, []string{"1"}
		return 0, io.EOF
	})))
	err := in.serve(w, r, caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		if _, ok := r.Trailer["X-Ticket"]; ok {
			t.Error("the trailer is announced")
		}
		if body, err := io.ReadAll(r.Body); string(body) != "body" || err != nil {
			t.Errorf("body %q, %v", body, err)
		}
		if want := (http.Header{"X-Sum": {"1"}}); !reflect.DeepEqual(r.Trailer, want) {
			t.Errorf("trailers %v, want %v", r.Trailer, want)
		}
		return nil
	}), allCredentials)
	if err != nil {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestInjectResponse sends headers in all the ways that handlers do.
func TestInjectResponse(t *testing.T) {
	in := newInject(t, `{"query":{"t":"api_ticket"}}`)
	ways := map[string]func(w http.ResponseWriter) error{
		"WriteHeader": func(w http.ResponseWriter) error { w.WriteHeader(http.StatusFound); return nil },
		"Write":       func(w http.ResponseWriter) error { _, err := w.Write([]byte("x")); return err },
		"ReadFrom": func(w http.ResponseWriter) error {
			_, err := io.Copy(w, io.LimitReader(strings.NewReader("x"), 9))
			return err
		},
		"Flush":   func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"nothing": func(http.ResponseWriter) error { return nil },
		"error":   func(http.ResponseWriter) error { return errors.New("failed") },
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := injectRequest(w, "GET", "/x?a=1", nil)
			_ = in.serve(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Location", "/y?"+r.URL.RawQuery)
				return way(w)
			}), allCredentials)
			if got := w.Result().Header.Get("Location"); got != "/y?a=1" {
				t.Errorf("Location is %q", got)
			}
		})
	}
}

// TestInjectRedirectBody leaves out the note that repeats the credential, and no other body.
func TestInjectRedirectBody(t *testing.T) {
	in := newInject(t, `{"query":{"t":"api_ticket"}}`)
	for _, tc := range []struct {
		status   int
		location string
		want     string
	}{
		{http.StatusFound, "/y?t=" + url.QueryEscape(injectTicket), ""},
		{http.StatusFound, "/y?t=other", "abab"},
		{http.StatusCreated, "/y?t=" + url.QueryEscape(injectTicket), "abab"},
	} {
		w := httptest.NewRecorder()
		err := in.serve(w, injectRequest(w, "GET", "/x", nil), caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Location", tc.location)
			w.Header().Set("Content-Length", "4")
			w.WriteHeader(tc.status)
			n, err := w.Write([]byte("ab"))
			m, err2 := io.Copy(w, io.LimitReader(strings.NewReader("abc"), 2))
			if n != 2 || m != 2 {
				t.Errorf("wrote %d and %d bytes", n, m)
			}
			return errors.Join(err, err2)
		}), allCredentials)
		if got := w.Body.String(); err != nil || got != tc.want || (w.Header().Get("Content-Length") != "") != (got != "") {
			t.Errorf("%d %s: got %q, %v, %v", tc.status, tc.location, got, w.Header(), err)
		}
	}
}

// TestInjectAfterRewrite cleans the original query too: php_fastcgi makes REQUEST_URI of it.
func TestInjectAfterRewrite(t *testing.T) {
	in := newInject(t, `{"query":{"t":"api_ticket"}}`)
	w := httptest.NewRecorder()
	r := injectRequest(w, "GET", "/x?t=forged&a=1", nil)
	r.URL.RawQuery = "b=2"
	err := in.serve(w, r, caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		if got, _ := words.Replacer(r).GetString("http.request.orig_uri.query"); got != "a=1" {
			t.Errorf("the original query is %s", got)
		}
		return nil
	}), allCredentials)
	if err != nil || r.URL.RawQuery != "b=2" {
		t.Errorf("got %v, %s", err, r.URL.RawQuery)
	}
}

func BenchmarkInject(b *testing.B) {
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	for name, config := range map[string]string{
		"header":      `{"header":{"X-Wechat-Api-Ticket":"api_ticket"}}`,
		"query":       `{"query":{"access_token":"access_token"}}`,
		"placeholder": `{"placeholder":["api_ticket"]}`,
	} {
		b.Run(name, func(b *testing.B) {
			in := newInject(b, config)
			w := httptest.NewRecorder()
			r := injectRequest(w, "GET", "/x?page=2&size=20&sort=created_at", nil)
			for _, field := range []string{"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Cookie", "Referer", "User-Agent", "X-Requested-With"} {
				r.Header.Set(field, "something")
			}
			w.Header().Set("Server", "Caddy")
			w.Header().Set("Content-Type", "text/html")
			b.ReportAllocs()
			for b.Loop() {
				if err := in.serve(w, r, next, allCredentials); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
