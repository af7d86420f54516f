package redact

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	AddParam("T")
	for in, want := range map[string]string{
		"": "", "plain text: nothing": "plain text: nothing",
		"/a?b=1":                             "/a?b=1",
		"/a?secret=x&b=1":                    "/a?secret=REDACTED&b=1",
		"/a?user_card_code=x&FromUserName=y": "/a?user_card_code=REDACTED&FromUserName=REDACTED",
		"/a?b=1&Js-Code=x":                   "/a?b=1&Js-Code=REDACTED",
		"/a?js%5Fcode=x;y?z#w":               "/a?js%5Fcode=REDACTED",
		"/a?js+code=x":                       "/a?js+code=REDACTED",
		"/a?code%00b=x":                      "/a?code%00b=REDACTED",
		"/a?cards[0][code]=x":                "/a?cards[0][code]=REDACTED",
		"/a?cards%5B0%5D%5Bopenid%5D=x&cards%5B0%5D%5Bcard_id%5D=p1": "/a?cards%5B0%5D%5Bopenid%5D=REDACTED&cards%5B0%5D%5Bcard_id%5D=p1",
		"/a?code[]=x&code[1]=y":            "/a?code[]=REDACTED&code[1]=REDACTED",
		"/a?t=x":                           "/a?t=REDACTED",
		"/a?errcode=40001&barcode=1":       "/a?errcode=40001&barcode=1",
		"/a?code":                          "/a?code",
		"/a?code=":                         "/a?code=REDACTED",
		"/a?code=a b":                      "/a?code=REDACTED",
		"/a?url=https://s/?code=x&state=y": "/a?url=https://s/?code=REDACTED&state=REDACTED",
		"/a?url=https%3A%2F%2Fs%2F%3Fcode%3Dx%26a%3D1&b=2":                        "/a?url=https%3A%2F%2Fs%2F%3Fcode%3DREDACTED%26a%3D1&b=2",
		"/a?url=https%253A%252F%252Fs%252F%253Fcode%253Dx":                        "/a?url=https%253A%252F%252Fs%252F%253Fcode%253DREDACTED",
		"/a?url=https%3A%2F%2Fs%2F%3Fa%3D1":                                       "/a?url=https%3A%2F%2Fs%2F%3Fa%3D1",
		"/a?url=https%3A%2F%2Fs%2F%23code%3Dx":                                    "/a?url=https%3A%2F%2Fs%2F%23code%3DREDACTED",
		`/a?cardList=[{"card_id":"p1","encrypt_code":"x"}]`:                       `/a?cardList=[{"card_id":"p1","encrypt_code":"REDACTED"}]`,
		`/a?l=%5B%7B%22encrypt_code%22%3A%22x%22%7D%5D`:                           `/a?l=%5B%7B%22encrypt_code%22%3A%22REDACTED%22%7D%5D`,
		`Get "https://h/cgi-bin/x?access_token=x": dial tcp 127.0.0.1:1: refused`: `Get "https://h/cgi-bin/x?access_token=REDACTED": dial tcp 127.0.0.1:1: refused`,
		`said {"access_token":"x","expires_in":7200}`:                             `said {"access_token":"REDACTED","expires_in":7200}`,
		`said {\"code\" : \"a\\\"b\",\"n\":1}`:                                    `said {\"code\" : \"REDACTED\",\"n\":1}`,
		`said {"code":12, "errcode":3}`:                                           `said {"code":REDACTED, "errcode":3}`,
		`said {"openid":["a","b"],"n":1}`:                                         `said {"openid":REDACTED,"n":1}`,
		`said {"phone_number":1`:                                                  `said {"phone_number":REDACTED`,
		"/a?%zz=%&code=%zz":                                                       "/a?%zz=%&code=REDACTED",
	} {
		if got := Text(in, nil); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
		if got := Text(want, nil); got != want {
			t.Errorf("%s\nbecomes %s the second time", want, got)
		}
	}
}

func TestNames(t *testing.T) {
	AddHeader("X-Shop-Pass")
	AddSources("a-{http.request.header.X-Voucher}-{query.v2}-{http.request.uri.query.v3:default}")
	for name, want := range map[string]bool{
		"X-Wechat-Api-Ticket": true, "x-wechat-access-token": true, "X-Js-Code": true, "Authorization": true, "COOKIE": true, "X-Mini-Openid": true,
		"X-SHOP-PASS": true, "X-Voucher": true, "Code": true,
		"X-Error-Code": false, "Accept-Encoding": false, "Etag": false, "X-Wechat-Card-Id": false, "User-Agent": false, "": false, "v2": false,
	} {
		if got := Header(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	for name, want := range map[string]bool{"v2": true, "v3": true, "x-voucher": false, "card_id": false, "outer_str": false, "timestamp": false} {
		if got := param(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	for _, name := range []string{"status", "size", "key", "state", "action", "account", "listed_card", "errcode", "msg"} {
		if Field(name) {
			t.Errorf("%s is hidden", name)
		}
	}
}

// FuzzText puts a secret behind each name into a query that is made up around it, encoded in any way.
func FuzzText(f *testing.F) {
	f.Add("a=1&", "access_token", "&b=2", byte(0))
	f.Add("url=x%3F", "openid", "", byte(1))
	f.Add("\"x\":", "js_code", "&", byte(2))
	f.Fuzz(func(t *testing.T, before, name, after string, how byte) {
		if !param(name) || strings.ContainsAny(name, "&=?#;,/\"'(<{ \t\r\n%+") {
			name = "js_code"
		}
		const secret = "MARKED0SECRET"
		if strings.Contains(before+after, secret[:4]) {
			return
		}
		if before != "" && !strings.HasSuffix(before, "&") {
			before += "&"
		}
		if after != "" && !strings.HasPrefix(after, "&") {
			after = "&" + after
		}
		pair := name + "=" + secret
		switch how % 3 {
		case 1:
			pair = "u=" + escape("https://s/?"+pair)
		case 2:
			pair = "u=" + escape(escape("/?x=1&"+pair+"&y=2"))
		}
		if got := Text("/p?"+before+pair+after, nil); strings.Contains(got, secret) {
			t.Errorf("%q keeps it: %q", "/p?"+before+pair+after, got)
		}
	})
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[s[i]>>4])
		b.WriteByte(hex[s[i]&15])
	}
	return b.String()
}
