package sandbox

import (
	"fmt"
	"testing"
)

func TestPhoneNumbersAndForeignTokens(t *testing.T) {
	for _, foreign := range []int{0, 40001, 48001} {
		r := newRig(t, Config{
			Apps: map[string]string{"wx1": "s1"}, MiniPrograms: map[string]string{"wxmini": "s2", "wxother": "s3"},
			ForeignToken: foreign, CountryAsNumber: foreign == 48001,
		})
		token := func(app, secret string) string {
			return r.do("POST", "/cgi-bin/stable_token", fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q}`, app, secret)).text("access_token")
		}
		account, mini, other := token("wx1", "s1"), token("wxmini", "s2"), token("wxother", "s3")
		phone := func(token, code string) answer {
			return r.do("POST", "/wxa/business/getuserphonenumber?access_token="+token, `{"code":"`+code+`"}`)
		}
		want := max(foreign, 40001)
		r.wantCode("account", phone(account, "phone-alice.1"), want)
		r.wantCode("card", r.do("POST", "/card/get?access_token="+mini, `{"card_id":"p1"}`), want)
		r.wantCode("ticket", r.do("GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token="+mini, ""), want)
		r.wantCode("menu", r.do("GET", "/cgi-bin/menu/get?access_token="+mini, ""), 46003)
		one := phone(mini, "phone-alice.1")
		r.wantCode("mini program", one, 0)
		info := one["phone_info"].(map[string]any)
		country := any("86")
		if foreign == 48001 {
			country = float64(86)
		}
		if info["countryCode"] != country || info["watermark"].(map[string]any)["appid"] != "wxmini" || info["phoneNumber"] != info["purePhoneNumber"] {
			t.Errorf("got %v", info)
		}
		r.wantCode("used", phone(mini, "phone-alice.1"), 40029)
		r.wantCode("another's", phone(other, "phone-alice.1"), 0)
		r.wantCode("js_code", phone(mini, "alice.2"), 40029)
		r.wantCode("as js_code", r.do("GET", "/sns/jscode2session?grant_type=authorization_code&appid=wxmini&secret=s2&js_code=phone-alice.3", ""), 40029)
		handed := r.do("POST", "/_sandbox/phone/getPhoneNumber?appId=wxmini", "{}").text("code")
		r.wantCode("handed out to another", phone(other, handed), 40013)
		got := phone(mini, handed)
		r.wantCode("handed out", got, 0)
		if got["phone_info"].(map[string]any)["phoneNumber"] != "13800138000" {
			t.Errorf("got %v", got)
		}
		r.wantCode("handed out, used", phone(mini, handed), 40029)
		js := r.do("POST", "/_sandbox/phone/login?appId=wxmini", "{}").text("code")
		r.wantCode("wx.login", r.do("GET", "/sns/jscode2session?grant_type=authorization_code&appid=wxmini&secret=s2&js_code="+js, ""), 0)
	}
}
