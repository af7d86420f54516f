package caddymodule

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

var testUserInfo = wechat.UserInfo{Common: json.RawMessage("[1]")}

func TestRewriteObject(t *testing.T) {
	for _, tc := range []struct{ object, want string }{
		{`{}`, `{}`},
		{`{ }`, `{ }`},
		{`{"x":1}`, `{}`},
		{`{ "x" : 1 }`, `{  }`},
		{`{"x":1,"x":[2],"x":{"x":3}}`, `{}`},
		{`{"x":1, "a":2 ,"x":3}`, `{"a":2}`},
		{`{"a":1 , "x":2 , "b":3}`, `{"a":1 , "b":3}`},
		{`{"a":{"x":1},"b":["x",{"x":2}] }`, `{"a":{"x":1},"b":["x",{"x":2}] }`},
		{`{"r":"\"}" , "x":"]","r":0}`, `{"r":true,"r":true}`},
	} {
		got := rewriteObject(nil, []byte(tc.object), func(name string, value []byte) []byte {
			switch name {
			case "x":
				return nil
			case "r":
				return []byte("true")
			}
			return value
		})
		if string(got) != tc.want {
			t.Errorf("%s: got %s, want %s", tc.object, got, tc.want)
		}
	}
}

// Whatever a client sends: what is kept stays byte for byte, and what the backend gets is JSON that says what was checked.
func FuzzActivationRequest(f *testing.F) {
	f.Add(`{"activate_ticket":"a%2Bb==","card_id":"p1","code":"1", "x":[1,{"code":2}],"user_info":3}`, false)
	f.Add(`{"activate_ticket":"t","card_id":"p1","code":null,"encrypt_code":"aaaaaaaaaaaaaaaaaaaa+="}`, false)
	f.Add(`activate_ticket=a%252Fb&card_id=p1&encrypt_code=aaaaaaaaaaaaaaaaaaaa+%3D&outer_str=%E4%BC%9A&a=1&a=2&%zz&User_Info=1`, true)
	f.Fuzz(func(t *testing.T, sent string, pairs bool) {
		var q activationRequest
		if pairs {
			var err error
			if q.object, err = pairsObject(sent); err != nil {
				return
			}
			if !json.Valid(q.object) {
				t.Fatalf("%q makes %s", sent, q.object)
			}
		} else {
			if q.object = bytes.TrimSpace([]byte(sent)); !json.Valid(q.object) || q.object[0] != '{' {
				return
			}
		}
		same := rewriteObject(nil, q.object, func(_ string, value []byte) []byte { return value })
		if !bytes.Equal(same, q.object) {
			t.Fatalf("%s becomes %s", q.object, same)
		}
		if q.check() != nil {
			return
		}
		q.code = "9"
		body := q.body(testUserInfo)
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s makes %s", q.object, body)
		}
		if got["activate_ticket"] != q.ticket || got["card_id"] != q.cardID || got["code"] != "9" {
			t.Errorf("%s makes %s", q.object, body)
		}
		if !bytes.HasSuffix(body, []byte(`,"user_info":{"common_field_list":[1],"custom_field_list":[]}}`)) {
			t.Errorf("%s makes %s", q.object, body)
		}
		infos := 0
		for name := range members(body) {
			if strings.EqualFold(name, "user_info") {
				infos++
			}
		}
		if infos != 1 {
			t.Errorf("%s makes %s", q.object, body)
		}
	})
}

// Taking parameters out leaves everything else as it is, for every reading of a query.
func FuzzCutParams(f *testing.F) {
	f.Add("a=1&js_code=2&&b;js_code=3&js%5fcode=%zz&=")
	f.Fuzz(func(t *testing.T, raw string) {
		got := cutParams(raw, func(name string) bool { return name == "js_code" })
		if again := cutParams(got, func(name string) bool { return name == "js_code" }); again != got {
			t.Errorf("%q becomes %q, and that %q", raw, got, again)
		}
		if !strings.Contains(raw, "js") && !strings.Contains(raw, "%") && got != raw {
			t.Errorf("%q becomes %q", raw, got)
		}
		before, _ := url.ParseQuery(raw)
		after, _ := url.ParseQuery(got)
		if after.Has("js_code") {
			t.Errorf("%q becomes %q", raw, got)
		}
		delete(before, "js_code")
		if before.Encode() != after.Encode() {
			t.Errorf("%q becomes %q", raw, got)
		}
	})
}
