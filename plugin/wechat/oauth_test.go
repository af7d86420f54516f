package wechat

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestWebLogin(t *testing.T) {
	var got string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Method + " " + r.RequestURI
		_, _ = io.WriteString(w, `{"access_token":"T","expires_in":7200,"refresh_token":"R","openid":"o1","scope":"snsapi_userinfo","unionid":"o2"}`)
	})
	user, err := newClient(t, Config{}, s.URL).WebLogin(t.Context(), "wx1", "a&b", "x+/=")
	if want := (WebUser{"o1", "o2", false}); user != want || err != nil {
		t.Errorf("got %+v, %v", user, err)
	}
	if got != "GET /sns/oauth2/access_token?appid=wx1&code=x%2B%2F%3D&grant_type=authorization_code&secret=a%26b" {
		t.Errorf("got %s", got)
	}
}

func TestWebLoginFails(t *testing.T) {
	const secret, code = "web-secret-1", "0a1B2c3D4e5F"
	for _, errcode := range []int{40029, 40163, 42003} {
		c := newClient(t, Config{}, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"errcode":`+strconv.Itoa(errcode)+`,"errmsg":"`+secret+` `+code+`"}`)
		}).URL)
		_, err := c.WebLogin(t.Context(), "wx1", secret, code)
		e := wantError(t, err, APIWebLogin)
		if e.Code != errcode || e.Reaction() != Refused || e.Hint() != hintWebCode || strings.Contains(e.Error(), secret) || strings.Contains(e.Error(), code) {
			t.Errorf("got %v with the hint %q", e, e.Hint())
		}
	}
	_, err := newClient(t, Config{}, answer(t, `{"errcode":40001,"errmsg":"x"}`).URL).WebLogin(t.Context(), "wx1", secret, code)
	if e := wantError(t, err, APIWebLogin); e.Hint() != hintSecret || e.Reaction() != Setup {
		t.Errorf("got %v with the hint %q", e, e.Hint())
	}
	for _, body := range []string{``, `{}`, `{"openid":""}`, `{"openid":1}`, `{"openid":"o\r\nX: 1"}`, `{"openid":"o1","unionid":"a b"}`, `{"openid":"` + strings.Repeat("o", 129) + `"}`} {
		_, err := newClient(t, Config{}, answer(t, body).URL).WebLogin(t.Context(), "wx1", secret, code)
		if e := wantError(t, err, APIWebLogin); e.Err == nil {
			t.Errorf("%.60s: got %v", body, e)
		}
	}
}
