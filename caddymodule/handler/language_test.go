package handler_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// TestProblemsInChinese asks for the same twice: only what people read differs.
func TestProblemsInChinese(t *testing.T) {
	s := sitetest.New(t, `
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
		request             sitetest.Request
		fault               sandbox.Fault
		title, detail, hint string // in Chinese
	}{
		"a name": {
			request: sitetest.Request{Target: "/addCard?card_id=p2"},
			title:   "禁止访问", detail: "这里不发放卡券 p2",
		},
		"a client's text that is a phrase": {
			request: sitetest.Request{Target: "/addCard?card_id=digits"},
			title:   "禁止访问", detail: "这里不发放卡券 digits",
		},
		"a fault": {
			request: sitetest.Request{Target: "/addCard?outer_str=a&outer_str=b"},
			title:   "请求有误", detail: "outer_str 重复出现",
		},
		"a number": {
			request: sitetest.Request{Target: "/addCard?outer_str=" + strings.Repeat("x", 513)},
			title:   "请求有误", detail: "outer_str 超过 512 个字符",
		},
		"a rule": {
			request: sitetest.Request{Target: "/addCard?openid=x"},
			title:   "请求有误", detail: "openid 不是 openid",
		},
		"a value beside a list": {
			request: sitetest.Request{Target: "/addCard", Body: `{"outer_str":"x","cards":[{"card_id":"p1"}]}`},
			title:   "请求有误", detail: "outer_str 写在了 cards 外面，应写在 cards 里面",
		},
		"a configured value": {
			request: sitetest.Request{Target: "/dynamic?shop=%01"},
			title:   "请求有误", detail: "outer_str 含有控制字符",
		},
		"a configured value that is empty": {
			request: sitetest.Request{Target: "/dynamic"},
			title:   "禁止访问", detail: "为 outer_str 配置的值为空",
		},
		"a method": {
			request: sitetest.Request{Target: "/addCard", Method: http.MethodDelete},
			title:   "不支持该请求方法", detail: "只接受 GET, HEAD, POST, OPTIONS",
		},
		"a type": {
			request: sitetest.Request{Target: "/addCard", Body: "x", Type: "text/plain"},
			title:   "不支持的请求体类型", detail: "请求体必须是 application/json 或 application/x-www-form-urlencoded",
		},
		"a stranger": {
			request: sitetest.Request{Target: "/relay/card/get", From: "192.0.2.1"},
			title:   "禁止访问", detail: "192.0.2.1 不在 clients 的范围内",
		},
		"the backend": {
			request: sitetest.Request{Target: "/fill"},
			title:   "请求有误", detail: "后端的响应：openid 不是 openid",
		},
		"WeChat, with a hint": {
			request: sitetest.Request{Target: "/memberCard?card_id=pCustom"},
			title:   "微信拒绝了该请求", detail: "微信拒绝了该请求",
			hint: "这是自定义 code 的卡券（use_custom_code 为 true）；微信只对由它分配 code 的卡券提供该功能",
		},
		"WeChat, without": {
			request: sitetest.Request{Target: "/openCard?card_id=p1&code=" + strings.Repeat("A", 32)},
			fault:   sandbox.Fault{Path: "/card/code/decrypt", Times: 2, ErrCode: 48001},
			title:   "上游服务出错", detail: "微信没有完成该请求",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.fault.Path != "" {
				if err := s.WeChat.Fail(tc.fault); err != nil {
					t.Fatal(err)
				}
			}
			answer := func(accept, language string) map[string]any {
				q := tc.request
				q.Header = map[string]string{"Accept-Language": accept}
				w := s.Do(q)
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
		w := s.Do(sitetest.Request{Target: "/addCard", Header: map[string]string{"Accept-Language": "zh"}})
		if w.Code != http.StatusOK || w.Header().Get("Vary") != "" || w.Header().Get("Content-Language") != "" {
			t.Errorf("got %d with %v", w.Code, w.Header())
		}
	})
}
