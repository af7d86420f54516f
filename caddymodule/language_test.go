package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

func TestPreferred(t *testing.T) {
	for accept, want := range map[string]language{
		"":                                      english,
		"zh":                                    chinese,
		"zh-CN":                                 chinese,
		"ZH-cn":                                 chinese,
		"zh-Hans":                               chinese,
		"zh-Hans-CN;q=0.9, zh;q=0.8":            chinese,
		"zh-TW":                                 chinese,
		"zh-CN,zh;q=0.9,en;q=0.8":               chinese,
		"en-US,en;q=0.9,zh-CN;q=0.8":            english,
		"en;q=0.3, zh;q=0.5":                    chinese,
		"zh;q=0.5, en;q=0.500":                  chinese,
		"en, zh":                                english,
		"zh, en":                                chinese,
		"zh;q=0":                                english,
		"zh;q=0.000, en;q=0":                    english,
		"zh;q=0.001":                            chinese,
		"zh-CN;q=0.2, zh;q=0.9, en;q=0.5":       chinese,
		"fr":                                    english,
		"fr, zh;q=0.1":                          chinese,
		"fr, *;q=0.5":                           english,
		"*":                                     english,
		"zh;q=0.5, *":                           english,
		"zh, *;q=0.5":                           chinese,
		"zh;q=0.5, *, en;q=0.1":                 chinese,
		"zhuang":                                english,
		"zh_CN":                                 english,
		" zh-CN ; q=1.0 ":                       chinese,
		"zh;Q=1":                                chinese,
		"zh;q=2":                                english,
		"zh;q=1.001":                            english,
		"zh;q=-1":                               english,
		"zh;q=":                                 english,
		"zh;q=.5":                               english,
		"zh;q=0.1234":                           english,
		"zh;q=NaN":                              english,
		"zh;level=1":                            english,
		"zh;q=x, en;q=0.5":                      english,
		",,;,zh":                                chinese,
		strings.Repeat("en;q=0.1,", 100) + "zh": chinese,
	} {
		if got := preferred([]string{accept}); got != want {
			t.Errorf("%q: got %s, want %s", accept, got, want)
		}
	}
	if got := preferred([]string{"en;q=0.5", "zh"}); got != chinese {
		t.Errorf("two fields: got %s", got)
	}
	if got := preferred(nil); got != english {
		t.Errorf("no field: got %s", got)
	}
}

func FuzzPreferred(f *testing.F) {
	f.Add("zh-CN,zh;q=0.9,en;q=0.8")
	f.Add("*;q=0.001, zh;q=1.000")
	f.Fuzz(func(t *testing.T, accept string) {
		got := preferred([]string{accept})
		if got == chinese && !strings.Contains(strings.ToLower(accept), "zh") {
			t.Errorf("got Chinese for %q", accept)
		}
	})
}

// TestProblemsInChinese asks for the same twice: only what people read differs.
func TestProblemsInChinese(t *testing.T) {
	s := newTestSite(t, `
	wechat_card /addCard add_card {
		card p1
		accept outer_str openid
	}
	wechat_card /dynamic add_card {
		card p1 {
			outer_str {query.shop}
		}
	}
	wechat_card /openCard open_card {
		card *
	}
	wechat_card /memberCard member_card_component {
		card *
	}
	wechat_card /relay/* relay {
		allow /card/*
	}
	wechat_card /fill fill {
		card p1
	}
	header /fill Content-Type application/json
	respond /fill `+"`"+`{"cardId":"p1","cardExt":{"openid":"digits"}}`+"`"+`
`)
	for name, tc := range map[string]struct {
		request             testRequest
		fault               sandbox.Fault
		title, detail, hint string // in Chinese
	}{
		"a name": {
			request: testRequest{target: "/addCard?card_id=p2"},
			title:   "禁止访问", detail: "这里不发放卡券 p2",
		},
		"a client's text that is a phrase": {
			request: testRequest{target: "/addCard?card_id=digits"},
			title:   "禁止访问", detail: "这里不发放卡券 digits",
		},
		"a fault": {
			request: testRequest{target: "/addCard?outer_str=a&outer_str=b"},
			title:   "请求有误", detail: "outer_str 重复出现",
		},
		"a number": {
			request: testRequest{target: "/addCard?outer_str=" + strings.Repeat("x", 513)},
			title:   "请求有误", detail: "outer_str 超过 512 个字符",
		},
		"a rule": {
			request: testRequest{target: "/addCard?openid=x"},
			title:   "请求有误", detail: "openid 不是 openid",
		},
		"a value beside a list": {
			request: testRequest{target: "/addCard", body: `{"outer_str":"x","cards":[{"card_id":"p1"}]}`},
			title:   "请求有误", detail: "outer_str 写在了 cards 旁边，应写在其中",
		},
		"a configured value": {
			request: testRequest{target: "/dynamic?shop=%01"},
			title:   "请求有误", detail: "outer_str 含有控制字符",
		},
		"a configured value that is empty": {
			request: testRequest{target: "/dynamic"},
			title:   "禁止访问", detail: "为 outer_str 配置的值为空",
		},
		"a method": {
			request: testRequest{target: "/addCard", method: http.MethodDelete},
			title:   "不支持该请求方法", detail: "只接受 GET, HEAD, POST, OPTIONS",
		},
		"a type": {
			request: testRequest{target: "/addCard", body: "x", typ: "text/plain"},
			title:   "不支持的请求体类型", detail: "请求体必须是 application/json 或 application/x-www-form-urlencoded",
		},
		"a stranger": {
			request: testRequest{target: "/relay/card/get", from: "192.0.2.1"},
			title:   "禁止访问", detail: "192.0.2.1 不在 clients 之列",
		},
		"the backend": {
			request: testRequest{target: "/fill"},
			title:   "请求有误", detail: "后端的应答：openid 不是 openid",
		},
		"WeChat, with a hint": {
			request: testRequest{target: "/memberCard?card_id=pCustom"},
			title:   "微信拒绝了该请求", detail: "微信拒绝了该请求",
			hint: "这是自定义 code 的卡券（use_custom_code 为 true）；微信只对由它分配 code 的卡券提供该功能",
		},
		"WeChat, without": {
			request: testRequest{target: "/openCard?card_id=p1&code=" + strings.Repeat("A", 32)},
			fault:   sandbox.Fault{Path: "/card/code/decrypt", Times: 2, ErrCode: 48001},
			title:   "上游出错", detail: "微信没有完成该请求",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.fault.Path != "" {
				if err := s.wechat.Fail(tc.fault); err != nil {
					t.Fatal(err)
				}
			}
			answer := func(accept, language string) map[string]any {
				q := tc.request
				q.header = map[string]string{"Accept-Language": accept}
				w := s.do(q)
				if got := w.Header().Get("Content-Language"); got != language {
					t.Errorf("got Content-Language %q, want %q", got, language)
				}
				if got := w.Header().Values("Vary"); len(got) != 1 || got[0] != "Accept-Language" {
					t.Errorf("got Vary %q", got)
				}
				var doc map[string]any
				if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || !utf8.Valid(w.Body.Bytes()) {
					t.Fatalf("got %s: %v", w.Body, err)
				}
				return doc
			}
			en, zh := answer("en", "en"), answer("zh-CN,zh;q=0.9", "zh-CN")
			for member, value := range en {
				want := value
				switch member {
				case "title":
					want = tc.title
				case "detail":
					want = tc.detail
				case "hint":
					want = tc.hint
				case "rid", "errmsg": // WeChat's, each time another
					want = zh[member]
				}
				if zh[member] != want {
					t.Errorf("%s: got %v, want %v (in English %v)", member, zh[member], want, value)
				}
			}
			if len(en) != len(zh) {
				t.Errorf("got %v in English and %v in Chinese", en, zh)
			}
		})
	}

	t.Run("nothing on a good answer", func(t *testing.T) {
		w := s.do(testRequest{target: "/addCard", header: map[string]string{"Accept-Language": "zh"}})
		if w.Code != http.StatusOK || w.Header().Get("Vary") != "" || w.Header().Get("Content-Language") != "" {
			t.Errorf("got %d with %v", w.Code, w.Header())
		}
	})
}

// TestForeignProblem: an action that is not ours may make a Problem whose detail is in no table.
func TestForeignProblem(t *testing.T) {
	w, r := prepare(t, http.MethodGet)
	r.Header.Set("Accept-Language", "zh")
	(&Problem{Status: http.StatusForbidden, Reason: "x", Detail: "nobody translates this"}).write(w, r)
	if got := w.Body.String(); got != `{"type":"about:blank","title":"Forbidden","status":403,"detail":"nobody translates this","reason":"x"}` {
		t.Errorf("got %s", got)
	}
	if got := w.Header().Get("Content-Language"); got != "en" {
		t.Errorf("got Content-Language %q", got)
	}
}
