package logencoder_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/logencoder"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/logging"
)

// encoder provisions one that wraps this.
func encoder(t *testing.T, wrap string) zapcore.Encoder {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	raw := json.RawMessage(`{}`)
	if wrap != "" {
		raw = json.RawMessage(`{"wrap":` + wrap + `}`)
	}
	mod, err := ctx.LoadModuleByID("caddy.logging.encoders.wechat_card", raw)
	if err != nil {
		t.Fatal(err)
	}
	return mod.(*logencoder.Encoder)
}

// wraps are what the encoder may be around.
var wraps = []string{``, `{"format":"json"}`, `{"format":"console"}`, `{"format":"filter","wrap":{"format":"json"}}`}

// around provisions Caddy's filter around ours.
func around(t *testing.T) zapcore.Encoder {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	mod, err := ctx.LoadModuleByID("caddy.logging.encoders.filter", json.RawMessage(`{"wrap":{"format":"wechat_card"},"fields":{"request>proto":{"filter":"delete"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return mod.(*logging.FilterEncoder)
}

// line encodes one entry, the request added before it, as Caddy's access log does, or with it.
func line(t *testing.T, e zapcore.Encoder, before bool, request *http.Request, fields ...zapcore.Field) string {
	t.Helper()
	e = e.Clone()
	r := zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: request, ShouldLogCredentials: true})
	if before {
		r.AddTo(e)
	} else {
		fields = append(fields, r)
	}
	out, err := e.EncodeEntry(zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Unix(1, 0), LoggerName: "http.log.access", Message: "handled request"}, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Free()
	return out.String()
}

// TestNoSecretInAnyPlace marks a value in each place that an action reads, under each name, and looks for it in the line.
func TestNoSecretInAnyPlace(t *testing.T) {
	redact.AddHeader("X-Configured")
	redact.AddParam("configured")
	const marked = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
	names := []string{
		"secret", "access_token", "js_code", "code", "activate_ticket", "encrypt_code", "openid", "unionid", "phone_code", "ticket", "signature", "msg_signature",
		"session_key", "rejected_token", "configured", "state", "key", "phone", "token", "JS_CODE", "jsCode", "cards[0][code]", "cards[1][openid]", "code[]", "card_code",
	}
	places := map[string]func(r *http.Request, name string){
		"query": func(r *http.Request, name string) { r.RequestURI = "/wechat/x?a=1&" + name + "=" + marked + "&b=2" },
		"encoded query": func(r *http.Request, name string) {
			r.RequestURI = "/wechat/x?a=1&" + url.QueryEscape(name) + "=" + marked
		},
		"first of two": func(r *http.Request, name string) {
			r.RequestURI = "/wechat/x?" + name + "=" + marked + "&" + name + "=" + marked
		},
		"an address in the query": func(r *http.Request, name string) {
			r.RequestURI = "/wechat/jsConfig?url=" + url.QueryEscape("https://shop.example/?"+name+"="+marked+"&state=1#/x")
		},
		"an address in the query, as it is": func(r *http.Request, name string) {
			r.RequestURI = "/wechat/jsConfig?url=https://shop.example/?" + name + "=" + marked
		},
		"an address in an address": func(r *http.Request, name string) {
			r.RequestURI = "/wechat/jsConfig?url=" + url.QueryEscape("https://shop.example/?back="+url.QueryEscape("/a?"+name+"="+marked))
		},
		"JSON in the query": func(r *http.Request, name string) {
			r.RequestURI = "/wechat/openCard?cardList=" + url.QueryEscape(`[{"card_id":"p1","`+name+`":"`+marked+`"}]`)
		},
		"Referer":                     func(r *http.Request, name string) { r.Header.Set("Referer", "https://shop.example/?"+name+"="+marked) },
		"X-Forwarded-Uri":             func(r *http.Request, name string) { r.Header.Set("X-Forwarded-Uri", "/a?"+name+"="+marked) },
		"Authorization":               func(r *http.Request, _ string) { r.Header.Set("Authorization", "Bearer "+marked) },
		"Cookie":                      func(r *http.Request, name string) { r.Header.Set("Cookie", name+"="+marked) },
		"a header that is configured": func(r *http.Request, _ string) { r.Header.Set("X-Configured", marked) },
		"a header by a name in it":    func(r *http.Request, _ string) { r.Header["x-wechat-openid"] = []string{"a", marked} },
	}
	for _, wrap := range append([]string{"around"}, wraps...) {
		var e zapcore.Encoder
		if wrap == "around" {
			e = around(t)
		} else {
			e = encoder(t, wrap)
		}
		for place, put := range places {
			for _, name := range names {
				for _, before := range []bool{true, false} {
					if wrap == "around" && !before {
						continue // the filter writes one field after the other, in their order; that of Caddy's access log is request first
					}
					r := httptest.NewRequest(http.MethodGet, "/wechat/x", nil)
					r.Header.Set("X-Kept", "kept")
					put(r, name)
					if wrap == "around" { // and a field that was written before is written
						if got := line(t, e, before, r, zap.Int("status", 418)); strings.Contains(got, marked) || !strings.Contains(got, redact.Redacted) {
							t.Fatalf("%s of %s, in a filter: %s", name, place, got)
						}
						continue
					}
					got := line(t, e, before, r,
						zap.Int("status", 418), zap.String("appended", marked), zap.Strings("more", []string{"x", marked}), zap.Any("map", map[string]any{"v": marked, "n": 5}),
						zap.Error(fmt.Errorf("calling https://h/?%s=%s: %w", name, marked, errors.New("refused"))), zap.String("openid", marked),
						zap.Any("resp_headers", http.Header{"Location": {"/b?" + name + "=" + marked}, "Set-Cookie": {"s=" + marked}}))
					if strings.Contains(got, marked) {
						t.Fatalf("%s of %s, wrap %q: %s", name, place, wrap, got)
					}
					for _, kept := range []string{"handled request", "418", "X-Kept", "kept", "refused", "192.0.2.1", "GET", "example.com", redact.Redacted} {
						if !strings.Contains(got, kept) {
							t.Fatalf("%s of %s, wrap %q: %s is not in %s", name, place, wrap, kept, got)
						}
					}
				}
			}
		}
	}
}

// TestOtherFieldsStay compares what has nothing to hide with what the wrapped encoder writes.
func TestOtherFieldsStay(t *testing.T) {
	fields := []zapcore.Field{
		zap.String("uri", "/shop?card_id=p1&outer_str=menu"), zap.Int("code", 7), zap.Duration("d", time.Second), zap.Time("t", time.Unix(5, 0)), zap.Bool("b", true),
		zap.Float64("f", 1.5), zap.Binary("bin", []byte{1}), zap.ByteString("bytes", []byte("x:y")), zap.Strings("s", []string{"a", "b"}), zap.Ints("i", []int{1, 2}),
		zap.Any("any", map[string]any{"b": []int{1}, "a": nil}), zap.Error(errors.New("a: b")), zap.Any("nil", nil), zap.Namespace("ns"), zap.String("in", "it"),
		zap.Objects("objects", []caddyhttp.LoggableHTTPHeader{{Header: http.Header{"A": {"1"}}}}),
	}
	for _, format := range []string{"json", "console"} {
		ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
		defer cancel()
		mod, err := ctx.LoadModuleByID("caddy.logging.encoders."+format, json.RawMessage(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/shop?card_id=p1&timestamp=1", nil)
		r.Header.Set("Accept", "text/html, */*;q=0.8")
		for _, before := range []bool{true, false} {
			want := line(t, mod.(zapcore.Encoder), before, r, fields...)
			if got := line(t, encoder(t, `{"format":"`+format+`"}`), before, r, fields...); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		}
	}
}

// TestHeaders wants of a header that is hidden nothing but that it was there.
func TestHeaders(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Wechat-Api-Ticket", "ticket-of-the-account")
	r.Header.Set("Cookie", "a=1")
	r.Header.Set("Accept", "*/*")
	e := encoder(t, "").Clone()
	zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: r}).AddTo(e)
	out, err := e.EncodeEntry(zapcore.Entry{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"X-Wechat-Api-Ticket":"REDACTED"`, `"Cookie":["REDACTED"]`, `"Accept":["*/*"]`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}

// TestCredentialsByOtherNames is about those that other directives were handed.
func TestCredentialsByOtherNames(t *testing.T) {
	const token = "70_handed-on-to-others"
	redact.AddSecret(token)
	e := encoder(t, "").Clone()
	e.AddString("foo", "a "+token)
	zap.Object("resp_headers", caddyhttp.LoggableHTTPHeader{Header: http.Header{"X-Foo": {token}}}).AddTo(e)
	out, err := e.EncodeEntry(zapcore.Entry{Message: "failed with " + token}, []zapcore.Field{
		zap.Error(errors.New("no " + token)), zap.Any("any", map[string]any{"x": []string{token}}), zap.Strings("list", []string{token}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), token) || strings.Count(out.String(), "REDACTED") != 6 {
		t.Errorf("got %s", out)
	}
}

// TestNothingIsHiddenOnPurpose has a client send as a code what others want to read of him.
func TestNothingIsHiddenOnPurpose(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/wechat/openCard?code=handled&token=192.0.2.1&state=example.com&secret=User-Agent&ticket=evil-agent", nil)
	r.Header.Set("User-Agent", "evil-agent")
	got := line(t, encoder(t, ""), false, r, zap.String("ip", "192.0.2.1"))
	for _, kept := range []string{`"handled request"`, `"remote_ip":"192.0.2.1"`, `"ip":"192.0.2.1"`, `"host":"example.com"`, `"User-Agent":["evil-agent"]`} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is not in %s", kept, got)
		}
	}
}

func TestCaddyfile(t *testing.T) {
	for format, want := range map[string]string{
		"wechat_card":                                   `"encoder":{"format":"wechat_card"}`,
		"wechat_card {\nwrap console\n}":                `"encoder":{"format":"wechat_card","wrap":{"format":"console"}}`,
		"wechat_card {\nwrap json {\ntime_key t\n}\n}":  `"encoder":{"format":"wechat_card","wrap":{"format":"json","time_key":"t"}}`,
		"wechat_card {\nwrap filter {\nwrap json\n}\n}": `"wrap":{"format":"filter","wrap":{"format":"json"}}`,
		"filter {\nwrap wechat_card\n}":                 `"encoder":{"format":"filter","wrap":{"format":"wechat_card"}}`,
		"wechat_card json":                              "wrong argument count",
		"wechat_card {\nwrap jason\n}":                  "unknown encoder 'jason'",
		"wechat_card {\nwrap\n}":                        "wrong argument count",
		"wechat_card {\nwrap json\nwrap json\n}":        "already specified",
		"wechat_card {\nrwap json\n}":                   "unrecognized subdirective 'rwap'",
	} {
		out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\nlog {\nformat "+format+"\n}\n}\n"), nil)
		if got := fmt.Sprint(string(out), err); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", format, got)
		}
	}
}

// TestConfiguredKeys takes out the keys of our handlers, wherever these stand in a configuration, and no member of that name elsewhere.
func TestConfiguredKeys(t *testing.T) {
	e := encoder(t, "")
	var config any
	if err := json.Unmarshal([]byte(`{"servers":{"srv0":{"routes":[{"handle":[{"handler":"subroute","routes":[{"handle":[
		{"handler":"wechat_card","action":{"name":"relay","key":"literal-1","secure":{"symmetric_key":{"number":"kept-1","key":"literal-2"},"certificate":{"p":"kept-2"}}}},
		{"handler":"vars","key":"kept-3"}]}]},
		{"handler":"wechat_sandbox","secure":{"wx1":{"deprecated_key":{"key":"literal-3","number":"kept-4"}}}},
		{"handler":"headers","key":"kept-5"}]}]}}}`), &config); err != nil {
		t.Fatal(err)
	}
	got := line(t, e, false, httptest.NewRequest(http.MethodGet, "/", nil), zap.Reflect("http", config))
	if strings.Contains(got, "literal") || strings.Count(got, "kept") != 5 || strings.Count(got, redact.Redacted) != 3 {
		t.Errorf("got %s", got)
	}
}
