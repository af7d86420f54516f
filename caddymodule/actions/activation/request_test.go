package activation

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

var testUserInfo = wechat.UserInfo{Common: json.RawMessage("[1]")}

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
		same := jsonscan.RewriteObject(nil, q.object, func(_ string, value []byte) []byte { return value })
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
		for name := range jsonscan.Members(body) {
			if strings.EqualFold(name, "user_info") {
				infos++
			}
		}
		if infos != 1 {
			t.Errorf("%s makes %s", q.object, body)
		}
	})
}
