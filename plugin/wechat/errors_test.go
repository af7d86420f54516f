package wechat

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func poolOf(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// checkNoSecrets wants no credential anywhere in e, nor a query.
func checkNoSecrets(t testing.TB, e *Error, more ...string) {
	t.Helper()
	text := fmt.Sprintf("%v\n%+v\n%#v\n%s\n%s", e, e, *e, e.Hint(), e.Msg)
	for err := error(e); err != nil; err = errors.Unwrap(err) {
		text += "\n" + err.Error()
	}
	text = strings.ReplaceAll(text, "=***", "") // a parameter whose value is hidden
	for _, s := range append([]string{testSecret, testToken, "secret=", "access_token="}, more...) {
		if strings.Contains(text, s) {
			t.Errorf("%q in %s", s, text)
		}
	}
}

func TestErrorOfAnswer(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       Error // without API
		text       string
	}{
		{
			"rid", `{"errcode":40075,"errmsg":"invalid encrypt code rid: 62bc2cbd-27a1fbc6-3ae9d2d5"}`,
			Error{Code: 40075, Msg: "invalid encrypt code rid: 62bc2cbd-27a1fbc6-3ae9d2d5", RID: "62bc2cbd-27a1fbc6-3ae9d2d5"},
			"decrypt: errcode 40075: invalid encrypt code (rid 62bc2cbd-27a1fbc6-3ae9d2d5)",
		},
		{
			"comma before rid", `{"errcode":40075,"errmsg":"invalid encrypt code, rid: 62bc2cbd"}`,
			Error{Code: 40075, Msg: "invalid encrypt code, rid: 62bc2cbd", RID: "62bc2cbd"},
			"decrypt: errcode 40075: invalid encrypt code (rid 62bc2cbd)",
		},
		{
			"no rid", `{"errcode":40075,"errmsg":"invalid encrypt code hint: [abc]"}`,
			Error{Code: 40075, Msg: "invalid encrypt code hint: [abc]"},
			"decrypt: errcode 40075: invalid encrypt code hint: [abc]",
		},
		{
			"rid that is none", `{"errcode":40075,"errmsg":"bad rid: <b>x</b>"}`,
			Error{Code: 40075, Msg: "bad rid: <b>x</b>"},
			"decrypt: errcode 40075: bad rid: <b>x</b>",
		},
		{
			"nothing but rid", `{"errcode":40075,"errmsg":"rid: 62bc"}`,
			Error{Code: 40075, Msg: "rid: 62bc", RID: "62bc"},
			"decrypt: errcode 40075 (rid 62bc)",
		},
		{"no errmsg", `{"errcode":-1}`, Error{Code: -1}, "decrypt: errcode -1"},
		{"errmsg of another type", `{"errcode":40075,"errmsg":7}`, Error{Code: 40075}, "decrypt: errcode 40075"},
		{
			"control characters", `{"errcode":40075,"errmsg":"a\u0000b\nc\u001b[31m\u202ed\u2028e"}`,
			Error{Code: 40075, Msg: "ab c[31md e"},
			"decrypt: errcode 40075: ab c[31md e",
		},
		{"Chinese", `{"errcode":40075,"errmsg":"无效的code"}`, Error{Code: 40075, Msg: "无效的code"}, "decrypt: errcode 40075: 无效的code"},
		{
			"value beside an errcode", `{"errcode":40075,"errmsg":"no","code":"123"}`,
			Error{Code: 40075, Msg: "no"},
			"decrypt: errcode 40075: no",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, err := newClient(t, Config{}, answer(t, test.body).URL).DecryptCode(t.Context(), testToken, "x")
			e := wantError(t, err, "decrypt")
			test.want.API = "decrypt"
			if code != "" || *e != test.want {
				t.Errorf("got %q, %+v, want %+v", code, *e, test.want)
			}
			if e.Error() != test.text {
				t.Errorf("text %q, want %q", e, test.text)
			}
			checkText(t, e)
		})
	}
}

func TestLongErrmsg(t *testing.T) {
	body := `{"errcode":40075,"errmsg":"` + strings.Repeat("卡", 1000) + `"}`
	_, err := newClient(t, Config{}, answer(t, body).URL).DecryptCode(t.Context(), testToken, "x")
	e := wantError(t, err, "decrypt")
	if len(e.Msg) != 510 { // 170 characters of three bytes
		t.Errorf("%d bytes", len(e.Msg))
	}
	checkText(t, e)
}

// A server that gives back what it was sent must not bring a secret into our
// errors, neither as an errmsg nor as something that is no HTTP at all.
func TestEchoedSecrets(t *testing.T) {
	const nasty = "s3cr+t/&=%卡 x" // changes with every way of escaping
	all := func(t *testing.T, c *Client) {
		for _, secret := range []string{testSecret, nasty} {
			for _, token := range []string{testToken, nasty} {
				_, err := c.Token(t.Context(), testAppID, secret)
				checkNoSecrets(t, wantError(t, err, "token"), nasty, url.QueryEscape(nasty), url.PathEscape(nasty))
				_, err = c.StableToken(t.Context(), testAppID, secret, true)
				checkNoSecrets(t, wantError(t, err, "stable_token"), nasty)
				_, err = c.Ticket(t.Context(), token, CardTicket)
				checkNoSecrets(t, wantError(t, err, "getticket"), nasty, url.QueryEscape(nasty))
				_, err = c.DecryptCode(t.Context(), token, "x")
				checkNoSecrets(t, wantError(t, err, "decrypt"), nasty, url.QueryEscape(nasty))
				_, err = c.ActivateURL(t.Context(), token, "p1", "x")
				checkNoSecrets(t, wantError(t, err, "geturl"), nasty, url.QueryEscape(nasty))
			}
		}
	}
	// Each gets the request as text and whether the query stands in it decoded.
	for _, test := range []struct {
		name   string
		answer func(request string) string
	}{
		{"request line as an answer", func(r string) string { return r }},
		{"errmsg", func(r string) string { return jsonAnswer(r) }},
		{"errmsg, decoded", func(r string) string {
			if s, err := url.QueryUnescape(r); err == nil {
				r = s
			}
			return jsonAnswer(r)
		}},
		{"errmsg with control characters in the secret", func(r string) string {
			return jsonAnswer(strings.ReplaceAll(r, testSecret, testSecret[:8]+"\x00"+testSecret[8:]))
		}},
		{"body", func(r string) string {
			return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r), r)
		}},
		{"status text", func(r string) string {
			line, _, _ := strings.Cut(r, "\r\n")
			return "HTTP/1.1 418 " + line + "\r\nContent-Length: 0\r\n\r\n"
		}},
		{"header", func(r string) string {
			line, _, _ := strings.Cut(r, "\r\n")
			return "HTTP/1.1 200 OK\r\n" + line + "\r\n\r\n"
		}},
		{"status code", func(r string) string {
			line, _, _ := strings.Cut(r, "\r\n")
			return "HTTP/1.1 " + strings.ReplaceAll(line, " ", "") + " x\r\n\r\n"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serveRaw(t, func(_ int, conn net.Conn) {
				req, err := readWhole(bufio.NewReader(conn))
				if err == nil {
					_, _ = io.WriteString(conn, test.answer(req))
				}
			})
			all(t, newClient(t, Config{}, s.url))
		})
	}
}

func readWhole(r *bufio.Reader) (string, error) {
	var text strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		text.WriteString(line)
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return "", err
	}
	text.Write(body)
	return text.String(), nil
}

// jsonAnswer is an error answer with this errmsg.
func jsonAnswer(errmsg string) string {
	body, _ := encodeBody(map[string]any{"errcode": 40001, "errmsg": errmsg})
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]Error{
		"token: failed":                    {API: "token"},
		"token: no answer in time":         {API: "token", Timeout: true, Err: context.DeadlineExceeded},
		"token: HTTP status 404":           {API: "token", Status: 404},
		"token: context canceled":          {API: "token", Err: context.Canceled},
		"token: errcode 40013":             {API: "token", Code: 40013},
		"token: errcode 40013: no (rid 1)": {API: "token", Code: 40013, Msg: "no rid: 1", RID: "1"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestReactions(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, Zone)
	for _, test := range []struct {
		api     string
		code    int
		want    Reaction
		account bool
		wait    time.Duration
	}{
		{"getticket", 0, Transient, false, 0},
		{"getticket", -1, Transient, false, 0},
		{"getticket", -1000, Transient, false, 0},
		{"getticket", 48017, Transient, false, 0},
		{"getticket", 40001, Credential, false, 0},
		{"decrypt", 40014, Credential, false, 0},
		{"geturl", 42001, Credential, false, 0},
		{"token", 40001, Setup, false, 0},
		{"stable_token", 40001, Setup, false, 0},
		{"token", 42001, Setup, false, 0},
		{"token", 45009, Quota, true, 30 * time.Minute},
		{"decrypt", 45011, Quota, true, time.Minute},
		{"token", 40013, Setup, true, 0},
		{"token", 40125, Setup, true, 0},
		{"token", 40243, Setup, true, 0},
		{"token", 50004, Setup, true, 0},
		{"token", 50007, Setup, true, 0},
		{"getticket", 48001, Setup, true, 0},
		{"token", 40164, Setup, false, 0},
		{"token", 61004, Setup, false, 0},
		{"token", 45035, Setup, false, 0},
		{"token", 89501, Setup, false, 0},
		{"token", 89505, Setup, false, 0},
		{"token", 89506, Setup, false, 24 * time.Hour},
		{"token", 89507, Setup, false, time.Hour},
		{"geturl", 40158, Refused, false, 0},
		{"geturl", 40073, Refused, false, 0},
		{"geturl", 45030, Refused, false, 0},
		{"decrypt", 40075, Refused, false, 0},
		{"decrypt", 40056, Refused, false, 0},
		{"decrypt", 40071, Refused, false, 0},
		{"decrypt", 40127, Refused, false, 0},
		{"decrypt", 40099, Refused, false, 0},
		{"decrypt", 40116, Refused, false, 0},
		{"tempinfo", 72011, Refused, false, 0},
		{"tempinfo", 72012, Refused, false, 0},
		{"decrypt", 47001, Setup, false, 0},
		{"decrypt", 99999, Setup, false, 0}, // unknown
	} {
		e := &Error{API: test.api, Code: test.code}
		if e.Reaction() != test.want || e.AccountWide() != test.account {
			t.Errorf("%s %d: reaction %d, account-wide %v", test.api, test.code, e.Reaction(), e.AccountWide())
		}
		var until time.Time
		if test.wait > 0 {
			until = now.Add(test.wait)
		}
		if got := e.NotBefore(now); !got.Equal(until) {
			t.Errorf("%s %d: not before %v, want %v", test.api, test.code, got, until)
		}
	}
}

func TestDayQuotaEndsAtMidnight(t *testing.T) {
	e := &Error{API: "token", Code: 45009}
	now := time.Date(2026, 11, 21, 15, 50, 0, 0, time.UTC) // 23:50 at WeChat
	if got, want := e.NotBefore(now), time.Date(2026, 11, 21, 16, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What every rule must keep: no reaction to wait without a reason, a hint for
// the operator wherever he has something to do.
func TestCodesTable(t *testing.T) {
	for code, r := range codes {
		if r.reaction == Setup && r.hint == "" {
			t.Errorf("%d: no hint for the operator", code)
		}
		if r.reaction == Quota && r.wait == 0 {
			t.Errorf("%d: a quota without a wait", code)
		}
		if (r.reaction == Refused || r.reaction == Credential) && (r.account || r.wait > 0) {
			t.Errorf("%d: what was asked cannot be the account's state", code)
		}
		if strings.HasSuffix(r.hint, ".") || strings.ContainsAny(r.hint, "\n\t") {
			t.Errorf("%d: hint %q", code, r.hint)
		}
	}
}

func TestHint(t *testing.T) {
	for _, test := range []struct {
		e    Error
		want string
	}{
		{Error{API: "geturl", Code: 40158}, "custom-code card"},
		{Error{API: "token", Code: 40001}, "app secret"},
		{Error{API: "getticket", Code: 40001}, "something else fetch tokens"},
		{Error{API: "token", Code: 40164, Msg: "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 6abc-1"}, "white list at mp.weixin.qq.com: 1.2.3.4"},
		{Error{API: "token", Code: 99999}, ""},
		{Error{API: "token"}, ""},
		{Error{API: "token", Code: -1}, ""},
	} {
		got := test.e.Hint()
		if !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%d: got %q, want %q", test.e.Code, got, test.want)
		}
	}
}

func TestRefusedIP(t *testing.T) {
	for _, test := range []struct {
		code      int
		msg, want string
	}{
		{40164, "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 62bc2cbd-27a1fbc6-3ae9d2d5", "1.2.3.4"},
		{40164, "invalid ip 2001:db8::1, not in whitelist rid: 62bc2cbd", "2001:db8::1"},
		{40164, "invalid ip ::ffff:1.2.3.4, not in whitelist", "1.2.3.4"},
		{61004, "access clientip is not registered, requestIP:1.2.3.4.", "1.2.3.4"},
		{45035, "access clientip is not registered hint: [abc]", ""},
		{89503, "this IP (1.2.3.4) is waiting for confirmation", "1.2.3.4"},
		{40013, "invalid appid 1.2.3.4", ""},
		{40164, "", ""},
		{40164, "invalid ip 1.2.3.456", ""},
	} {
		e := &Error{API: "token", Code: test.code, Msg: test.msg}
		if got := e.RefusedIP(); got != test.want {
			t.Errorf("%q: got %q, want %q", test.msg, got, test.want)
		}
	}
}

func TestRefusesAddress(t *testing.T) {
	for code, want := range map[int]bool{
		40164: true, 45035: true, 61004: true, 89501: true, 89505: true,
		89506: false, 89507: false, 40125: false, 45009: false, 0: false, -1: false,
	} {
		if got := (&Error{Code: code}).RefusesAddress(); got != want {
			t.Errorf("%d: %v, want %v", code, got, want)
		}
	}
}
