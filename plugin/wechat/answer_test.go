package wechat

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestNonsense(t *testing.T) {
	long := strings.Repeat("x", maxValue+1)
	for _, test := range []struct{ name, body string }{
		{"empty body", ``},
		{"blank body", " \n"},
		{"empty object", `{}`},
		{"null", `null`},
		{"array", `[]`},
		{"string", `"ok"`},
		{"number", `0`},
		{"HTML", `<!DOCTYPE html><html><body>502</body></html>`},
		{"cut off", `{"access_token":"A","ticket":"A","expires_in":72`},
		{"two objects", goodToken + goodToken},
		{"only errcode 0", `{"errcode":0,"errmsg":"ok"}`},
		{"errcode a string", `{"errcode":"0","access_token":"A","ticket":"A","expires_in":7200}`},
		{"errcode with a fraction", `{"errcode":1.5,"access_token":"A","ticket":"A","expires_in":7200}`},
		{"errcode out of range", `{"errcode":99999999999999999999}`},
		{"errcode an object", `{"errcode":{}}`},
		{"empty value", `{"access_token":"","ticket":"","expires_in":7200}`},
		{"value a number", `{"access_token":1,"ticket":1,"expires_in":7200}`},
		{"value null", `{"access_token":null,"ticket":null,"expires_in":7200}`},
		{"value with a blank", `{"access_token":"A B","ticket":"A B","expires_in":7200}`},
		{"value with a line break", `{"access_token":"A\nB","ticket":"A\nB","expires_in":7200}`},
		{"value with NUL", `{"access_token":"A\u0000","ticket":"A\u0000","expires_in":7200}`},
		{"value with DEL", `{"access_token":"A\u007f","ticket":"A\u007f","expires_in":7200}`},
		{"value not ASCII", `{"access_token":"卡","ticket":"卡","expires_in":7200}`},
		{"value of invalid UTF-8", "{\"access_token\":\"A\xff\",\"ticket\":\"A\xff\",\"expires_in\":7200}"},
		{"value too long", `{"access_token":"` + long + `","ticket":"` + long + `","expires_in":7200}`},
		{"no expires_in", `{"access_token":"A","ticket":"A"}`},
		{"expires_in 0", `{"access_token":"A","ticket":"A","expires_in":0}`},
		{"expires_in negative", `{"access_token":"A","ticket":"A","expires_in":-7200}`},
		{"expires_in a string", `{"access_token":"A","ticket":"A","expires_in":"7200"}`},
		{"expires_in a fraction", `{"access_token":"A","ticket":"A","expires_in":7200.5}`},
		{"expires_in with an exponent", `{"access_token":"A","ticket":"A","expires_in":72e2}`},
		{"expires_in null", `{"access_token":"A","ticket":"A","expires_in":null}`},
		{"expires_in an object", `{"access_token":"A","ticket":"A","expires_in":{"s":7200}}`},
		{"expires_in over a week", `{"access_token":"A","ticket":"A","expires_in":604801}`},
		{"expires_in absurd", `{"access_token":"A","ticket":"A","expires_in":9223372036854775807}`},
		{"expires_in beyond int64", `{"access_token":"A","ticket":"A","expires_in":9223372036854775808}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, Config{}, answer(t, test.body).URL)
			check := func(api string, g Grant, err error) {
				t.Helper()
				e := wantError(t, err, api)
				if g != (Grant{}) || e.Err == nil || e.Code != 0 || e.Status != 0 || e.Timeout || e.Reaction() != Transient {
					t.Errorf("got %+v, %+v", g, e)
				}
				if len(e.Error()) > 100 {
					t.Errorf("text %q", e)
				}
			}
			g, err := c.Token(t.Context(), testAppID, testSecret)
			check("token", g, err)
			g, err = c.StableToken(t.Context(), testAppID, testSecret, false)
			check("stable_token", g, err)
			g, err = c.Ticket(t.Context(), testToken, CardTicket)
			check("getticket", g, err)
		})
	}
}

func TestNonsenseOfOtherCalls(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `<html>`, `{"errcode":0}`, `{"code":"","url":""}`, `{"code":1,"url":1}`,
		`{"code":"1 2","url":[]}`, `{"code":"1\u0000","url":null}`,
		`{"code":"` + strings.Repeat("1", 257) + `","url":"` + strings.Repeat("u", maxValue+1) + `"}`,
	} {
		c := newClient(t, Config{}, answer(t, body).URL)
		s, err := c.DecryptCode(t.Context(), testToken, "x")
		if e := wantError(t, err, "decrypt"); s != "" || e.Err == nil || e.Reaction() != Transient {
			t.Errorf("%.40s: got %q, %v", body, s, e)
		}
		s, err = c.ActivateURL(t.Context(), testToken, "p1", "")
		if e := wantError(t, err, "geturl"); s != "" || e.Err == nil || e.Reaction() != Transient {
			t.Errorf("%.40s: got %q, %v", body, s, e)
		}
	}
}

func TestGoodAnswers(t *testing.T) {
	long := strings.Repeat("x", maxValue)
	for _, test := range []struct {
		body string
		want Grant
	}{
		{`{"access_token":"A","expires_in":7200}`, Grant{Value: "A", Lifetime: 2 * time.Hour}},
		{` { "expires_in" : 1 , "access_token" : "A" } `, Grant{Value: "A", Lifetime: time.Second}},
		{`{"errcode":0,"errmsg":"ok","access_token":"A","expires_in":604800}`, Grant{Value: "A", Lifetime: 7 * 24 * time.Hour}},
		{`{"errcode":0,"errmsg":null,"access_token":"!~","expires_in":345,"more":[1,2]}`, Grant{Value: "!~", Lifetime: 345 * time.Second}},
		{`{"access_token":"` + long + `","expires_in":7200}`, Grant{Value: long, Lifetime: 2 * time.Hour}},
	} {
		clk := newClock(time.Unix(1_700_000_000, 0))
		test.want.Requested = clk.now()
		g, err := newClient(t, Config{Now: clk.now}, answer(t, test.body).URL).Token(t.Context(), testAppID, testSecret)
		if err != nil || g != test.want {
			t.Errorf("%.60s: got %+v, %v", test.body, g, err)
		}
	}
}

func TestBoundedAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, goodToken+strings.Repeat(" ", maxAnswer-len(goodToken)))
	})
	if _, err := newClient(t, Config{}, s.URL).Token(t.Context(), testAppID, testSecret); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil { // for ever
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	_, err := newClient(t, Config{}, s.URL).Token(t.Context(), testAppID, testSecret)
	if e := wantError(t, err, "token"); e.Err != errTooLong {
		t.Errorf("got %v", e)
	}
}

func TestDoWithoutAnswer(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"errcode":0,"errmsg":"ok"}`: true, `{"errcode":0}`: true, `{}`: false, ``: false, `{"ok":true}`: false,
		`{"errcode":40013}`: false,
	} {
		err := newClient(t, Config{}, answer(t, body).URL).Do(t.Context(), Call{API: "x", Path: "/x"}, nil)
		if (err == nil) != ok {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	for _, s := range []string{
		``, `{}`, goodToken, `{"errcode":40001,"errmsg":"invalid credential rid: 62bc2cbd-27a1fbc6-3ae9d2d5"}`,
		`{"errcode":0,"errmsg":"ok","ticket":"T","expires_in":7200}`, `{"errcode":-1,"errmsg":7}`, `{"errcode":"1"}`,
		`{"access_token":"A","expires_in":"7200"}`, `[{"errcode":0}]`, `{"errcode":1e2}`, `{"code":"1","url":"u"}`, "\xff{}", `null`,
	} {
		f.Add([]byte(s))
	}
	clean := newCleaner(&Call{AccessToken: testToken, Secrets: []string{testSecret}})
	f.Fuzz(func(t *testing.T, data []byte) {
		var token tokenAnswer
		code, msg, err := decodeAnswer(data, &token)
		if err == nil && code == 0 {
			if token.AccessToken == "" || token.ExpiresIn < 1 || len(token.AccessToken) > maxValue ||
				strings.ContainsFunc(token.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q was taken for a token", data)
			}
			if !json.Valid(data) {
				t.Errorf("%q is no JSON", data)
			}
		}
		if err != nil && (code != 0 || msg != "") {
			t.Errorf("%q: code %d, message %q and error %v", data, code, msg, err)
		}
		if code != 0 {
			e := &Error{API: "token", Code: code, Msg: clean.text(msg)}
			e.RID = findRID(e.Msg)
			checkText(t, e)
			_, _, _, _ = e.Reaction(), e.AccountWide(), e.Hint(), e.RefusedIP()
		}
		for _, out := range []any{nil, new(ticketAnswer), new(codeAnswer), new(urlAnswer)} {
			_, _, _ = decodeAnswer(data, out)
		}
	})
}

func checkText(t testing.TB, e *Error) {
	t.Helper()
	if len(e.Msg) > maxText || !utf8.ValidString(e.Error()) || strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' || r == 0x7F }) {
		t.Errorf("text %q", e.Error())
	}
}

// TestWhatUsersTyped reads answers with what users typed and WeChat did not escape, as the trackers of node-webot/co-wechat-api
// (63) and lanrion/weixin_authorize (52) have it.
func TestWhatUsersTyped(t *testing.T) {
	for _, typed := range []string{"\x14琦娅🍭", "a\x00\x01\x1f\tb\r\n", `y\"\\`, `\u0007乿親`, "\x7f\u0085"} {
		for _, mark := range []string{"", "\ufeff"} {
			info := `{"common_field_list":[{"name":"USER_FORM_INFO_FLAG_NAME","value":"` + typed + `"}],"custom_field_list":[]}`
			body := mark + `{"errcode":0,"errmsg":"ok` + "\x02" + `","nickname":"` + typed + `","membership_number":"1","info":` + info + `,"user_info":` + info + `}`
			c := newClient(t, Config{}, answer(t, body).URL)
			temp, err := c.TempInfo(t.Context(), testToken, "ticket")
			if err != nil {
				t.Errorf("%q: %v", body, err)
			}
			member, err := c.MemberUserInfo(t.Context(), testToken, "p1", "1")
			if err != nil || member.MembershipNumber != "1" {
				t.Errorf("%q: got %+v, error %v", body, member, err)
			}
			for _, info := range []UserInfo{temp, member.UserInfo} {
				var fields []struct{ Name, Value string }
				if err := json.Unmarshal(info.Common, &fields); err != nil || len(fields) != 1 {
					t.Errorf("%q: got %s, error %v", body, info.Common, err)
				} else if want := strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\u0007`, "\x07").Replace(typed); fields[0].Value != want {
					t.Errorf("got %q, want %q", fields[0].Value, want)
				}
			}
			refusal := mark + `{"errcode":40056,"errmsg":"` + typed + `"}`
			_, err = newClient(t, Config{}, answer(t, refusal).URL).TempInfo(t.Context(), testToken, "ticket")
			if e := wantError(t, err, "tempinfo"); e.Code != 40056 {
				t.Errorf("%q: got %v", refusal, e)
			}
		}
	}
	for _, body := range []string{"\x14", "{\x14}", "\ufeff", "{\"access_token\":\"A\x14\",\"expires_in\":7200}", "{\"access_token\":\"A\n\",\"expires_in\":7200}"} {
		if g, err := newClient(t, Config{}, answer(t, body).URL).Token(t.Context(), testAppID, testSecret); err == nil {
			t.Errorf("%q: got %+v", body, g)
		}
	}
}
