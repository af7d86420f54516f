package card

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

const activateBase = "https://mp.weixin.qq.com/bizmall/activatemembercard?"

func TestParseActivateURL(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     ExtraData
		err      string
	}{
		{"in order", activateBase + "action=preshow&&encrypt_card_id=3%2Bm9&outer_str=guide&biz=MzU%3D#wechat_redirect", ExtraData{"3+m9", "guide", "MzU="}, ""},
		{"any order", activateBase + "biz=MzU%3D&outer_str=guide&action=preshow&encrypt_card_id=3%2Bm9", ExtraData{"3+m9", "guide", "MzU="}, ""},
		{"no outer_str", activateBase + "encrypt_card_id=a&biz=b", ExtraData{"a", "", "b"}, ""},
		{"empty outer_str", activateBase + "encrypt_card_id=a&outer_str=&biz=b", ExtraData{"a", "", "b"}, ""},
		{"literal plus, slash and padding", activateBase + "encrypt_card_id=a+/b==&biz=c==", ExtraData{"a+/b==", "", "c=="}, ""},
		{"decoded once", activateBase + "encrypt_card_id=a%252Bb&biz=c%2525", ExtraData{"a%2Bb", "", "c%25"}, ""},
		{"outer_str with & = %", activateBase + "encrypt_card_id=a&outer_str=x%26biz%3Dy%25z%23&biz=b", ExtraData{"a", "x&biz=y%z#", "b"}, ""},
		{"Chinese", activateBase + "encrypt_card_id=a&outer_str=%E5%B0%8F%e7%a8%8b%E5%BA%8F&biz=b", ExtraData{"a", "小程序", "b"}, ""},
		{"raw Chinese", activateBase + "encrypt_card_id=a&outer_str=小程序&biz=b", ExtraData{"a", "小程序", "b"}, ""},
		{"stray percent", activateBase + "encrypt_card_id=a%zz&outer_str=100%&biz=b%4", ExtraData{"a%zz", "100%", "b%4"}, ""},
		{"percent before an escape", activateBase + "encrypt_card_id=a&outer_str=100%%41&biz=b", ExtraData{"a", "100%A", "b"}, ""},
		{"semicolon", activateBase + "encrypt_card_id=a;c&biz=b;d", ExtraData{"a;c", "", "b;d"}, ""},
		{"escaped key", activateBase + "encrypt%5Fcard_id=a&%62iz=b", ExtraData{"a", "", "b"}, ""},
		{"white space", activateBase + "\n  encrypt_card_id=a&biz=b \r\n#x", ExtraData{"a", "", "b"}, ""},
		{"question mark in a value", activateBase + "encrypt_card_id=a?b&biz=c?", ExtraData{"a?b", "", "c?"}, ""},
		{"first of two", activateBase + "encrypt_card_id=a&biz=b&biz=c&encrypt_card_id=d", ExtraData{"a", "", "b"}, ""},
		{"empty first", activateBase + "encrypt_card_id=&biz=b&encrypt_card_id=d", ExtraData{"d", "", "b"}, ""},
		{"no scheme", "?encrypt_card_id=a&biz=b", ExtraData{"a", "", "b"}, ""},

		{"empty", "", ExtraData{}, "no encrypt_card_id"},
		{"no query", "https://mp.weixin.qq.com/bizmall/activatemembercard", ExtraData{}, "no encrypt_card_id"},
		{"no question mark", "encrypt_card_id=a&biz=b", ExtraData{}, "no encrypt_card_id"},
		{"all in the fragment", "https://mp.weixin.qq.com/#?encrypt_card_id=a&biz=b", ExtraData{}, "no encrypt_card_id"},
		{"other letter case", activateBase + "Encrypt_Card_Id=a&biz=b", ExtraData{}, "no encrypt_card_id"},
		{"empty encrypt_card_id", activateBase + "encrypt_card_id=&biz=b", ExtraData{}, "no encrypt_card_id"},
		{"no biz", activateBase + "encrypt_card_id=secret", ExtraData{}, "no biz"},
		{"biz without value", activateBase + "encrypt_card_id=secret&biz", ExtraData{}, "no biz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseActivateURL(test.in)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("got %+v and error %v, want %q", got, err, test.err)
				}
			} else if err != nil {
				t.Errorf("error %v", err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestExtraDataAppendJSON(t *testing.T) {
	got := string(ExtraData{EncryptCardID: "a+/b==", OuterStr: `小程序<&>"\`}.AppendJSON([]byte("x")))
	if want := `x{"encrypt_card_id":"a+/b==","outer_str":"小程序<&>\"\\","biz":""}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The seeds below run with every go test.
func FuzzParseActivateURL(f *testing.F) {
	good, _ := loadVectors(f)
	for _, v := range good {
		if v.Kind == "activateUrl" {
			f.Add(decode[map[string]string](f, v.Inputs)["url"], "小程序&=%+#", "a+/=")
		}
	}
	f.Add("%", "%2", "%2B")
	f.Add("?&&&=&==&%=%", "\x00", "\xff")
	f.Add(activateBase+"encrypt_card_id=%&biz=%F", " ", "?")
	f.Fuzz(func(t *testing.T, s, outer, id string) {
		x, err := ParseActivateURL(s)
		if (err == nil) != (x.EncryptCardID != "" && x.Biz != "") {
			t.Errorf("%q: got %+v and error %v", s, x, err)
		}
		var back map[string]string
		if err := json.Unmarshal(x.AppendJSON(nil), &back); err != nil || len(back) != 3 {
			t.Errorf("JSON %q: %v", x.AppendJSON(nil), err)
		}
		if utf8.ValidString(x.OuterStr) && back["outer_str"] != x.OuterStr {
			t.Errorf("outer_str %q came back as %q", x.OuterStr, back["outer_str"])
		}

		// Whatever is escaped must come back unchanged.
		if id == "" {
			return
		}
		made := activateBase + "action=preshow&&encrypt_card_id=" + url.PathEscape(strings.ReplaceAll(id, "&", "")) + "x" +
			"&outer_str=" + strings.ReplaceAll(url.QueryEscape(outer), "+", "%20") + "&biz=b%3D#wechat_redirect"
		want := ExtraData{strings.ReplaceAll(id, "&", "") + "x", outer, "b="}
		if got, err := ParseActivateURL(made); err != nil || got != want {
			t.Errorf("%q: got %+v (%v), want %+v", made, got, err, want)
		}
	})
}
