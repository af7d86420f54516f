package say_test

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
)

// What a finding is put together of is translated as one sentence, whichever of its formats has more words.
func TestTextOfRoutes(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	for english, want := range map[string]string{
		"no request reaches add_card at /wechat/addCard: handle_path or uri makes /addCard of /wechat/addCard before it":                                                                                              "没有请求能到达 /wechat/addCard 的 add_card：前面的 handle_path 或 uri 把 /wechat/addCard 改成了 /addCard",
		"no request reaches cards at /wechat/*: reverse_proxy stands before it and answers /wechat/addCard":                                                                                                           "没有请求能到达 /wechat/* 的 cards：reverse_proxy 在它前面，已经响应了 /wechat/addCard",
		"no request reaches cards at /a/* /b/*: respond stands before it and answers all":                                                                                                                             "没有请求能到达 /a/* /b/* 的 cards：respond 在它前面，已经响应了所有请求",
		"no request reaches add_card at /b/addCard: /b/addCard matches none of its paths where it stands":                                                                                                             "没有请求能到达 /b/addCard 的 add_card：到了它所在的位置，/b/addCard 不匹配它的任何路径",
		"no request reaches add_card at /b/addCard: its paths match nothing":                                                                                                                                          "没有请求能到达 /b/addCard 的 add_card：它的路径不匹配任何请求",
		"no request reaches add_card: try_files answers an error before it where there is no such file":                                                                                                               "没有请求能到达 add_card：没有这个文件时，前面的 try_files 先返回了错误",
		"inject at /legacy/* is reached by requests for files only: try_files makes /index.php of /legacy/x before it":                                                                                                "只有请求文件时才能到达 /legacy/* 的 inject：前面的 try_files 把 /legacy/x 改成了 /index.php",
		"add_card at /mine reads {http.wechat_card.mini_openid} before login sets it":                                                                                                                                 "/mine 的 add_card 读取 {http.wechat_card.mini_openid} 时，login 还没有设置它",
		"add_card at /mine reads {http.wechat_card.unionid}, and nothing before it sets that":                                                                                                                         "/mine 的 add_card 读取 {http.wechat_card.unionid}，但前面没有任何动作设置它",
		"add_card at /mine reads the header X-Mini-Openid before login sets it: that is what the client sent":                                                                                                         "/mine 的 add_card 读取请求头 X-Mini-Openid 时，login 还没有设置它：读到的是客户端发来的内容",
		"{http.wechat_card.x} is set by no action: there are mini_openid, unionid (login sets mini_openid, unionid and, with phone, those of a phone; oauth openid and unionid; inject the others, with placeholder)": "没有动作会设置 {http.wechat_card.x}：有 mini_openid、unionid（login 设置 mini_openid、unionid，写了 phone 时还设置手机号的几个；oauth 设置 openid、unionid；其余由写了 placeholder 的 inject 设置）",
	} {
		if got := say.Text(english); got != want {
			t.Errorf("%s\n got %s\nwant %s", english, got, want)
		}
	}
}

// Texts of others, whose language we do not translate, stay letter by letter as they are; lists and letters beside Chinese ones do not.
func TestTextAroundForeignOnes(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	for english, want := range map[string]string{
		"dial tcp 127.0.0.1:1: connect: connection refused":                                                                                 "dial tcp 127.0.0.1:1: connect: connection refused",
		"x509: certificate is valid for a.example, b.example, not c.example":                                                                "x509: certificate is valid for a.example, b.example, not c.example",
		"files in /x: dial tcp 127.0.0.1:1: connect: connection refused":                                                                    "/x 里的文件：dial tcp 127.0.0.1:1: connect: connection refused",
		"performing request: Get \"http://127.0.0.1:1/\": EOF, unexpected: yes":                                                             "请求失败：Get \"http://127.0.0.1:1/\": EOF, unexpected: yes",
		"errcode 40001: invalid credential, access_token is invalid: rid: 1":                                                                "errcode 40001：invalid credential, access_token is invalid: rid: 1",
		"app_secret, token of message_push stands in the configuration itself, which Caddy shows at /config/ and saves":                     "app_secret、token of message_push 直接写在配置里，Caddy 会在 /config/ 显示它并保存到磁盘",
		"relay needs no key, and Caddy listens on :8080: strangers behind a proxy that says nothing of forwarding are clients like its own": "relay 不需要 key，而且 Caddy 监听 :8080：经由不注明转发的代理进来的陌生人也会被当作自己的客户端",
	} {
		if got := say.Text(english); got != want {
			t.Errorf("%s\n got %s\nwant %s", english, got, want)
		}
	}
	if got := say.List([]string{"a", "b"}); got != "a、b" {
		t.Errorf("got %s", got)
	}
}
