package sandbox

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSmoke(t *testing.T) {
	s := New(Config{})
	do := func(method, path, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:9"
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		t.Log(path, w.Code, w.Header(), w.Body.String())
		return w.Body.String()
	}
	tok := do("POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"wx1","secret":"s"}`)
	tok = strings.Split(tok, `"`)[3]
	tk := do("GET", "/cgi-bin/ticket/getticket?type=wx_card&access_token="+tok, "")
	tk = strings.Split(tk, `"`)[9]
	sig := signature(tk, "1700000000", "p1", "abc")
	add := do("POST", "/_sandbox/phone/addCard", `{"cardList":[{"cardId":"p1","cardExt":"{\"timestamp\":\"1700000000\",\"nonce_str\":\"abc\",\"signature\":\"`+sig+`\"}"}]}`)
	code := strings.Split(add, `"`)[9]
	do("POST", "/card/code/decrypt?access_token="+tok, `{"encrypt_code":"`+code+`"}`)
	do("POST", "/card/membercard/activate/geturl?access_token="+tok, `{"card_id":"p1","outer_str":"中 &=%"}`)
	do("GET", "/x", "")
	do("GET", "/_sandbox/calls", "")
}
