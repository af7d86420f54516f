package wechat

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

func TestMemberRequests(t *testing.T) {
	var got string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.RequestURI + " " + string(body)
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok","openid":"o1","unionid":"o2","session_key":"k","info":{"common_field_list":[ 1 ]},
			"membership_number":"M","has_active":true,"user_info":{"custom_field_list":[{"name":"\u00e9"}]}}`)
	})
	c := newClient(t, Config{}, s.URL)
	check := func(err error, want string) {
		t.Helper()
		if err != nil || got != want {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
	}

	user, err := c.Login(t.Context(), "wx1", "a&b", "x+/=")
	check(err, "GET /sns/jscode2session?appid=wx1&grant_type=authorization_code&js_code=x%2B%2F%3D&secret=a%26b ")
	if want := (MiniUser{"o1", "o2"}); user != want {
		t.Errorf("got %+v", user)
	}
	info, err := c.TempInfo(t.Context(), "tok", "a+/b<&>==")
	check(err, `POST /card/membercard/activatetempinfo/get?access_token=tok {"activate_ticket":"a+/b<&>=="}`)
	if text := string(info.AppendJSON(nil)); text != `{"common_field_list":[ 1 ],"custom_field_list":[]}` {
		t.Errorf("got %s", text)
	}
	member, err := c.MemberUserInfo(t.Context(), "tok", "p1", "123")
	check(err, `POST /card/membercard/userinfo/get?access_token=tok {"card_id":"p1","code":"123"}`)
	if member.MembershipNumber != "M" || !member.Active {
		t.Errorf("got %+v", member)
	}
	if text := string(member.UserInfo.AppendJSON(nil)); text != `{"common_field_list":[],"custom_field_list":[{"name":"\u00e9"}]}` {
		t.Errorf("got %s", text)
	}
	if text, err := json.Marshal(UserInfo{Common: json.RawMessage("null")}); err != nil || string(text) != `{"common_field_list":[],"custom_field_list":[]}` {
		t.Errorf("got %s, %v", text, err)
	}
	err = c.ActivateMember(t.Context(), "tok", json.RawMessage(`{"code":"1" ,"membership_number":"会"}`))
	check(err, `POST /card/membercard/activate?access_token=tok {"code":"1" ,"membership_number":"会"}`)
}

func TestMemberNonsense(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `<html>`, `{"openid":"","info":null,"user_info":1}`, `{"openid":1,"info":1,"user_info":[]}`,
		`{"openid":"o\r\nX: 1","info":{"common_field_list":{}},"user_info":{"common_field_list":""}}`,
		`{"openid":"o1","unionid":"a b","info":{"custom_field_list":1},"user_info":{"custom_field_list":true}}`,
		`{"openid":"` + strings.Repeat("o", 129) + `","info":[],"user_info":"","has_active":1}`,
	} {
		c := newClient(t, Config{}, answer(t, body).URL)
		_, err := c.Login(t.Context(), "wx1", testSecret, "x")
		if e := wantError(t, err, "jscode2session"); e.Err == nil || e.Reaction() != Transient {
			t.Errorf("%.60s: got %v", body, e)
		}
		_, err = c.TempInfo(t.Context(), testToken, "x")
		if e := wantError(t, err, "tempinfo"); e.Err == nil || e.Reaction() != Transient {
			t.Errorf("%.60s: got %v", body, e)
		}
		err = c.ActivateMember(t.Context(), testToken, json.RawMessage(`{}`))
		if e := wantError(t, err, "activate"); e.Err == nil || e.Reaction() != Transient {
			t.Errorf("%.60s: got %v", body, e)
		}
		if body == `{}` {
			continue // a member without anything is one all the same
		}
		_, err = c.MemberUserInfo(t.Context(), testToken, "p1", "1")
		if e := wantError(t, err, "userinfo"); e.Err == nil || e.Reaction() != Transient {
			t.Errorf("%.60s: got %v", body, e)
		}
	}
}

// A js_code works once and a card is activated once: a call whose answer is lost may have done that.
func TestLostAnswersOfMemberCalls(t *testing.T) {
	count := func(conns *atomic.Int32) string {
		return serveRaw(t, func(_ int, conn net.Conn) {
			conns.Add(1)
			buf := make([]byte, 4096)
			_, _ = conn.Read(buf) // and no answer
		}).url
	}
	for name, test := range map[string]struct {
		call func(c *Client) error
		once bool
	}{
		"jscode2session": {func(c *Client) error { _, err := c.Login(t.Context(), "wx1", "s", "x"); return err }, true},
		APIWebLogin:      {func(c *Client) error { _, err := c.WebLogin(t.Context(), "wx1", "s", "x"); return err }, true},
		"activate":       {func(c *Client) error { return c.ActivateMember(t.Context(), "tok", json.RawMessage(`{}`)) }, true},
		"tempinfo":       {func(c *Client) error { _, err := c.TempInfo(t.Context(), "tok", "x"); return err }, false},
		"userinfo":       {func(c *Client) error { _, err := c.MemberUserInfo(t.Context(), "tok", "p", "1"); return err }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var first, second atomic.Int32
			err := test.call(newClient(t, Config{}, count(&first), count(&second)))
			wantError(t, err, name)
			if first.Load() == 0 || (second.Load() == 0) != test.once {
				t.Errorf("%d tries at the first host, %d at the second", first.Load(), second.Load())
			}
		})
	}
}

func TestMemberCallsHideWhatIsTheUsers(t *testing.T) {
	const secret, code, ticket, number = "mini-secret-1", "0a1B2c3D4e5F", "EQWVRKJT+wrbvy8n==", "M-000-777"
	c := newClient(t, Config{}, answer(t, jsonAnswer(strings.Join([]string{secret, code, ticket, number, "EQWVRKJT%2Bwrbvy8n%3D%3D"}, " "))).URL)
	_, err := c.Login(t.Context(), "wx1", secret, code)
	if e := wantError(t, err, "jscode2session"); strings.Contains(e.Msg, secret) || strings.Contains(e.Msg, code) {
		t.Errorf("got %s", e.Msg)
	}
	_, err = c.TempInfo(t.Context(), testToken, ticket)
	if e := wantError(t, err, "tempinfo"); strings.Contains(e.Msg, "EQWVRKJT") {
		t.Errorf("got %s", e.Msg)
	}
	err = c.ActivateMember(t.Context(), testToken, json.RawMessage(`{}`), number)
	if e := wantError(t, err, "activate"); strings.Contains(e.Msg, number) {
		t.Errorf("got %s", e.Msg)
	}
}
