package relay_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/relay"
)

// sdkView is all that an SDK looks at.
type sdkView struct {
	ErrCode *int    `json:"errcode"`
	ErrMsg  *string `json:"errmsg"`
	Reason  string  `json:"reason"`
	Hint    string  `json:"hint"`
}

// seenBySDK wants an answer in which an SDK finds an errcode.
func seenBySDK(t *testing.T, resp *http.Response, body string, status int, reason string, errcode int) sdkView {
	t.Helper()
	var v sdkView
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if resp.StatusCode != status || v.Reason != reason || v.ErrCode == nil || *v.ErrCode != errcode || v.ErrMsg == nil || *v.ErrMsg == "" ||
		strings.Count(body, `"errcode"`) != 1 || strings.Count(body, `"errmsg"`) != 1 {
		t.Errorf("got %d %s, want %d %s with %d", resp.StatusCode, body, status, reason, errcode)
	}
	if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("got X-Content-Type-Options %q", got)
	}
	return v
}

func TestRelayProblemsForSDKs(t *testing.T) {
	t.Setenv("GATEWAY_KEY", "s3cret")
	release := make(chan struct{})
	defer close(release)
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/card/never" {
			<-release
		}
		panic(http.ErrAbortHandler)
	}, "wechat_card {\ntimeout 300ms\n}", `
	wechat_card /keyed/* relay {
		key {env.GATEWAY_KEY}
	}
	wechat_card /named/* relay {
		account {query.shop}
	}
	request_body /card/bounded {
		max_size 10
	}
	wechat_card relay {
		allow /card/* /sns/*
	}`)
	do := func(method, target string, body io.Reader, header ...string) (*http.Response, string) {
		t.Helper()
		return s.call(method, target, body, header...)
	}
	resp, body := do("GET", "/card/get", nil, "Origin", "http://evil.example")
	seenBySDK(t, resp, body, 403, "client_not_allowed", 48001)
	resp, body = do("GET", "/keyed/get?access_token=guess", nil)
	seenBySDK(t, resp, body, 403, "client_not_allowed", 48001)
	resp, body = do("GET", "/named/get", nil)
	seenBySDK(t, resp, body, 403, "value_missing", 48001)
	resp, body = do("GET", "/cgi-bin/menu/get", nil)
	if v := seenBySDK(t, resp, body, 403, "path_not_allowed", 48001); *v.ErrMsg != "the path /cgi-bin/menu/get is not among those that may be called" || v.Hint != "" {
		t.Errorf("got %s", body)
	}
	for _, path := range []string{"//cgi-bin/menu/get", "/cgi-bin//menu/get", "///card/get", "/card//"} {
		w := s.from("127.0.0.1:9", path)
		if v := seenBySDK(t, w.Result(), w.Body.String(), 403, "path_not_allowed", 48001); !strings.Contains(v.Hint, "slash") {
			t.Errorf("%s: got %s", path, w.Body)
		}
	}
	resp, body = do("POST", "/card/bounded", io.MultiReader(strings.NewReader("more than ten bytes")))
	seenBySDK(t, resp, body, 413, "body_too_large", 47001)
	resp, body = do("POST", "/card/upload", io.MultiReader(strings.NewReader(strings.Repeat("x", relay.MaxKept+1))), "Content-Type", "Multipart/form-data; boundary=x")
	seenBySDK(t, resp, body, 411, "length_required", 47001)
	resp, body = do("POST", "/card/drop", strings.NewReader("x"))
	seenBySDK(t, resp, body, 502, "wechat_error", -1)
	resp, body = do("GET", "/card/never", nil)
	seenBySDK(t, resp, body, 504, "wechat_timeout", -1)

	none := newRelaySite(t, nil, "allow /card/*")
	none.wechat.set(func(w *relayWeChat) { w.tokenAnswer = `{"errcode":40164,"errmsg":"invalid ip 203.0.113.7"}` })
	resp, body = none.call("GET", "/card/get", nil)
	if v := seenBySDK(t, resp, body, 503, "credential_unavailable", 40164); !strings.Contains(*v.ErrMsg, "203.0.113.7") {
		t.Errorf("got %s", body)
	}
	down := newRelaySiteOf(t, nil, "wechat_card {\napi "+closedPort(t)+"\n}", allowCard)
	resp, body = down.call("GET", "/card/get", nil)
	seenBySDK(t, resp, body, 503, "credential_unavailable", -1)
}

// TestRelayMultipart: WeChat answers 412 to a multipart body whose length it is not told.
func TestRelayMultipart(t *testing.T) {
	s := newRelaySite(t, nil, "allow /card/* /sns/*")
	for _, typ := range []string{"multipart/form-data; boundary=b", "MULTIPART/Form-Data; boundary=\"b\"", "multipart/form-data; boundary="} {
		for _, path := range []string{"/card/upload", "/sns/upload"} {
			for _, n := range []int{1, 1000, relay.MaxKept} {
				resp, body := s.call("POST", path, io.MultiReader(strings.NewReader(strings.Repeat("x", n))), "Content-Type", typ)
				if calls := s.wechat.seen(); resp.StatusCode != 200 || len(calls) != 1 || calls[0].length != int64(n) || len(calls[0].body) != n || calls[0].header.Get("Content-Type") != typ {
					t.Errorf("%s, %d bytes: got %d %s", typ, n, resp.StatusCode, body)
				}
			}
			resp, body := s.call("POST", path, io.MultiReader(strings.NewReader(strings.Repeat("x", relay.MaxKept+1))), "Content-Type", typ)
			seenBySDK(t, resp, body, 411, "length_required", 47001)
			// one whose length is known streams
			resp, body = s.call("POST", path, strings.NewReader(strings.Repeat("x", relay.MaxKept+1)), "Content-Type", typ)
			if calls := s.wechat.seen(); resp.StatusCode != 200 || len(calls) != 1 || calls[0].length != relay.MaxKept+1 {
				t.Errorf("%s: got %d %s", typ, resp.StatusCode, body)
			}
		}
	}
}

// TestRelayContentType: what has none gets none, on the way there and back.
func TestRelayContentType(t *testing.T) {
	const unset = "-"
	for _, typ := range []string{unset, "text/plain", "application/json; encoding=utf-8", "image/jpeg"} {
		for _, answer := range []string{"", `{"errcode":0}`, "<html>", "\x89PNG\r\n\x1a\n"} {
			s := newRelaySite(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = nil
				if typ != unset {
					w.Header().Set("Content-Type", typ)
				}
				fmt.Fprint(w, answer)
			}, "allow /card/*")
			var header []string
			if typ != unset {
				header = []string{"Content-Type", typ}
			}
			resp, body := s.call("POST", "/card/get", strings.NewReader("{}"), header...)
			values, there := resp.Header["Content-Type"]
			if body != answer || there != (typ != unset) || there && (len(values) != 1 || values[0] != typ) {
				t.Errorf("%s: got %q %q", typ, values, body)
			}
			for _, call := range s.wechat.seen() {
				if values, there := call.header["Content-Type"]; there != (typ != unset) || there && (len(values) != 1 || values[0] != typ) {
					t.Errorf("%s: WeChat saw %q", typ, values)
				}
			}
		}
	}
}
