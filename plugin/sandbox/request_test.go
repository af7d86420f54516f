package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// request has the phone ask.
func (r *rig) request(req map[string]any, fields map[string]string) (int, answer) {
	r.t.Helper()
	w := r.browse("POST", "/_sandbox/phone/request", string(wire.Encode(req)), fields)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		r.t.Fatalf("got %d %q: %v", w.Code, w.Body, err)
	}
	return w.Code, a
}

func TestPhoneRequest(t *testing.T) {
	r := newRig(t, Config{})
	var got *http.Request
	var body string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		got, body = req, string(b)
		r.token("wx1") // as a gateway does
		switch req.URL.Path {
		case "/moved":
			http.Redirect(w, req, "/elsewhere", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, request.MaxAnswer+1))
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Via", "1.1 Caddy")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"reason":"busy"}`)
		}
	}))
	defer gateway.Close()

	_, a := r.request(map[string]any{
		"method": "POST", "url": gateway.URL + "/wechat/openCard?a=%20b", "data": `{"x":1}`,
		"header": map[string]string{"Content-Type": "application/json", "Accept-Language": "zh-CN", "Host": "evil", "X-Other": "1"},
	}, map[string]string{"Sandbox-Tap": "open 1"})
	header, _ := a["header"].(map[string]any)
	if a.text("errMsg") != "request:ok" || a["statusCode"] != 503. || a.text("data") != `{"reason":"busy"}` || header["Retry-After"] != "7" {
		t.Errorf("got %v", a)
	}
	if got.Method != "POST" || got.RequestURI != "/wechat/openCard?a=%20b" || body != `{"x":1}` || got.Header.Get("Accept-Language") != "zh-CN" ||
		got.Header.Get("X-Other") != "" || got.Host != strings.TrimPrefix(gateway.URL, "http://") {
		t.Errorf("the gateway got %s %s %q %v", got.Method, got.RequestURI, body, got.Header)
	}
	v := r.events(0)
	if len(v.Exchanges) != 2 {
		t.Fatalf("got %+v", v.Exchanges)
	}
	phone, inner := v.Exchanges[0], v.Exchanges[1]
	if phone.From != exchanges.Phone || phone.To != exchanges.Gateway || phone.Status != 503 || !phone.Proxied || phone.Tap != "open 1" || phone.Address != "/wechat/openCard?a=%20b" {
		t.Errorf("got %+v", phone)
	}
	if inner.To != exchanges.WeChat || inner.Parent != phone.ID || inner.Tap != "open 1" {
		t.Errorf("got %+v", inner)
	}

	if _, a := r.request(map[string]any{"method": "GET", "url": gateway.URL + "/moved"}, nil); a["statusCode"] != 302. || got.URL.Path != "/moved" {
		t.Errorf("a redirect: got %v", a)
	}
	if _, a := r.request(map[string]any{"method": "GET", "url": gateway.URL + "/large"}, nil); a.text("reason") != "too_large" {
		t.Errorf("a large answer: got %.100v", a)
	}
}

func TestPhoneRequestRefuses(t *testing.T) {
	r := newRig(t, Config{})
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	good := map[string]any{"method": "GET", "url": server.URL}
	for name, fields := range map[string]map[string]string{
		"a program":              {"Sec-Fetch-Site": ""},
		"another site":           {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"a name that leads here": {"Host": "evil.example", "Origin": "http://evil.example"},
		"the same, unannounced":  {"Host": "evil.example", "Sec-Fetch-Site": "same-origin"},
		"another machine":        {"RemoteAddr": "192.0.2.1:1"},
	} {
		if code, a := r.request(good, fields); code != 403 {
			t.Errorf("%s: got %d %v", name, code, a)
		}
	}
	for name, tc := range map[string]struct {
		method, url, reason string
	}{
		"a file":          {"GET", "file:///etc/passwd", "url"},
		"no host":         {"GET", "http:///x", "url"},
		"a path":          {"GET", "/wechat/addCard", "url"},
		"a password":      {"GET", "http://a:b@127.0.0.1/", "url"},
		"a control":       {"GET", "http://127.0.0.1/\n", "url"},
		"DELETE":          {"DELETE", server.URL, "method"},
		"the Internet":    {"GET", "http://192.0.2.1/", "far"},
		"link-local":      {"GET", "http://169.254.169.254/latest/meta-data/", "far"},
		"link-local, v6":  {"GET", "http://[fe80::1]/", "far"},
		"all addresses":   {"GET", "http://0.0.0.0/", "far"},
		"shared (100.64)": {"GET", "http://100.100.100.200/", "far"},
		"mapped":          {"GET", "http://[::ffff:192.0.2.1]/", "far"},
		"nobody":          {"GET", "http://127.0.0.1:1/", "unreachable"},
	} {
		code, a := r.request(map[string]any{"method": tc.method, "url": tc.url}, nil)
		if code != 200 || a.text("reason") != tc.reason || !strings.HasPrefix(a.text("errMsg"), "request:fail") {
			t.Errorf("%s: got %d %v, want %s", name, code, a, tc.reason)
		}
	}
	if code, _ := r.request(map[string]any{"method": "GET", "address": server.URL}, nil); code != 400 {
		t.Errorf("an unknown field: got %d", code)
	}
	if asked != 0 {
		t.Errorf("the server was asked %d times", asked)
	}
}

// stuck never answers.
type stuck struct{}

func (stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestPhoneRequestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{})
		r.s.request.Transport = stuck{}
		ask := func() string {
			_, a := r.request(map[string]any{"method": "GET", "url": "http://127.0.0.1/"}, nil)
			return a.text("reason")
		}
		begin := time.Now()
		answers := make(chan string, request.MaxRequests)
		for range request.MaxRequests {
			go func() { answers <- ask() }()
		}
		synctest.Wait()
		if got := ask(); got != "busy" {
			t.Errorf("one more: got %s", got)
		}
		for range request.MaxRequests {
			if got := <-answers; got != "timeout" {
				t.Errorf("got %s", got)
			}
		}
		if waited := time.Since(begin); waited != request.Timeout {
			t.Errorf("waited %v", waited)
		}
	})
}
