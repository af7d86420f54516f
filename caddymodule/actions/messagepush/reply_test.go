package messagepush_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// TestAnswersThatAreNone has backends answer with 200 what is no reply: it is neither WeChat's to read, nor the end of the message.
func TestAnswersThatAreNone(t *testing.T) {
	strict, lenient := newPushSite(t, pushConfig{}), newPushSite(t, pushConfig{block: "replies off"})
	n := 0
	for _, tc := range []struct {
		contentType, body string
		strict, lenient   bool // whether the message was accepted
	}{
		{"text/html; charset=UTF-8", "", true, true}, // which PHP always says
		{"text/html; charset=UTF-8", "success", true, true},
		{"application/json", `"SUCCESS"`, true, true},
		{"text/plain", "\ufeffsuccess\n", true, true},
		{"application/json", `{"code":0,"msg":"ok"}`, false, true},
		{"text/plain", "ok", false, true},
		{"application/json", "true", false, true},
		{"text/html", "<br />\n<b>Notice</b>: x", false, true},
		{"text/html", "<!DOCTYPE html><html>sign in", false, false},
		{"application/json", "\n\ufeff<HTML>sign in", false, false},
		{"text/plain", "<!doctype HTML>", false, false},
		{"text/plain", strings.Repeat("x", push.MaxBody+1), false, true},
		{"text/plain", "<html>" + strings.Repeat("x", push.MaxBody+1), false, false},
	} {
		for _, s := range []*pushSite{strict, lenient} {
			want := tc.strict
			if s == lenient {
				want = tc.lenient
			}
			s.set(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tc.contentType)
				fmt.Fprint(w, tc.body)
			})
			n++
			q := sealedPush(t, fmt.Sprintf("<xml><MsgType>text</MsgType><MsgId>%d</MsgId></xml>", n), sitetest.AppID)
			before := s.count()
			for range 2 {
				if w := s.Do(q); want {
					wantSuccess(t, w)
				} else {
					problemtest.Want(t, w, 502, "backend_failed", "did not accept")
				}
			}
			if got := s.count() - before; (got == 1) != want {
				t.Errorf("%.40q: the backend got it %d times", tc.body, got)
			}
		}
	}

	// What would be a reply is none where there are none.
	lenient.set(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<xml><MsgType>text</MsgType></xml>") })
	wantSuccess(t, lenient.Do(sealedPush(t, "<xml>no reply</xml>", sitetest.AppID)))
	lenient.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	problemtest.Want(t, lenient.Do(sealedPush(t, "<xml>an error</xml>", sitetest.AppID)), 502, "backend_failed", "did not accept")

	// To XML only XML is a reply, to JSON only JSON.
	strict.set(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") == "text/xml" {
			fmt.Fprint(w, `{"MsgType":"text"}`)
			return
		}
		fmt.Fprint(w, "<xml><MsgType>text</MsgType></xml>")
	})
	for _, msg := range []string{"<xml>x</xml>", `{"x":1}`} {
		problemtest.Want(t, strict.Do(sealedPush(t, msg, sitetest.AppID)), 502, "backend_failed", "did not accept")
	}
	log, err := os.ReadFile(strict.log)
	if err != nil || !strings.Contains(string(log), `"level":"warn"`) || !strings.Contains(string(log), "neither success nor a reply") {
		t.Errorf("the log says nothing of it: %s, error %v", log, err)
	}
}

// TestCompressedReplies reads gzip of backends that compress whether or not anybody takes it.
func TestCompressedReplies(t *testing.T) {
	const reply = `<xml><Content><![CDATA[欢迎]]></Content></xml>`
	plain, safe := newPushSite(t, pushConfig{plain: true}), newPushSite(t, pushConfig{})
	answer := func(body string, cut int) http.HandlerFunc {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		fmt.Fprint(zip, body)
		_ = zip.Close()
		packed.Truncate(packed.Len() - cut)
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		}
	}
	for _, s := range []*pushSite{plain, safe} {
		message := func(text string) sitetest.Request {
			if s == plain {
				return plainPush(text)
			}
			return sealedPush(t, text, sitetest.AppID)
		}
		s.set(answer("success", 0))
		wantSuccess(t, s.Do(message("<xml>1</xml>")))
		s.set(answer("ok", 0))
		problemtest.Want(t, s.Do(message("<xml>2</xml>")), 502, "backend_failed", "did not accept")
		s.set(answer(reply, 4))
		problemtest.Want(t, s.Do(message("<xml>3</xml>")), 502, "backend_failed", "did not accept")
		s.set(answer("<xml>"+strings.Repeat(" ", 10<<20), 0))
		problemtest.Want(t, s.Do(message("<xml>4</xml>")), 502, "backend_failed", "did not accept")
		s.set(answer(reply, 0))
		w := s.Do(message("<xml>5</xml>"))
		if s == safe {
			checkSealedReply(t, w, "xml", reply)
		} else if w.Code != 200 || w.Body.String() != reply || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("got %d %v %q", w.Code, w.Header(), w.Body)
		}
	}
}

// TestDeliversWhatIsAuthentic delivers texts that are no well-formed documents.
func TestDeliversWhatIsAuthentic(t *testing.T) {
	plain, safe := newPushSite(t, pushConfig{plain: true}), newPushSite(t, pushConfig{})
	for i, body := range []string{
		"<xml><FromUserName>oAnna</FromUserName><MsgType>text</MsgType><Content><![CDATA[\x02\x1d\xe8]]></Content></xml>",
		"<xml><FromUserName>oAnna</FromUserName><MsgType>text</MsgType><Content><![CDATA[<status><![CDATA[1]]></status>]]></Content></xml>",
		`<?xml version="1.0" encoding="GBK"?><xml><FromUserName>oAnna</FromUserName><MsgType>text</MsgType><Content>` + "\xcd\xf5</Content></xml>",
		"{\"FromUserName\":\"oAnna\",\"MsgType\":\"text\",\"Content\":\"\x14\xcd\xf5\",\"MsgId\":23568243490745350}",
		"\ufeff{\"FromUserName\":\"oAnna\",\"MsgType\":\"text\",\"Content\":\"\r\n\"}",
		"hello", "[1]",
	} {
		for _, s := range []*pushSite{plain, safe} {
			q := plainPush(body)
			if s == safe {
				q = sealedPush(t, body, sitetest.AppID)
			}
			before := s.count()
			wantSuccess(t, s.Do(q))
			r, got := s.last(t)
			wantID := map[bool]string{true: "oAnna", false: ""}[i < 5]
			if got != body || r.Header.Get("X-Wechat-Openid") != wantID || r.Header.Get("X-Wechat-Event") != "" {
				t.Errorf("%q: the backend got %v %q", body, r.Header, got)
			}
			wantSuccess(t, s.Do(q))
			if s.count() != before+1 {
				t.Errorf("%q: the backend got it %d times", body, s.count()-before)
			}
		}
	}
}
