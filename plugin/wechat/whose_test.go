package wechat_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestWhosePaths(t *testing.T) {
	for path, takes := range map[string]wechat.Whose{ // "": both
		"/wxa/business/getuserphonenumber":   wechat.MiniProgram,
		"/wxa":                               wechat.Anybody,
		"/card":                              wechat.Anybody,
		"/wxa/getwxacodeunlimit?page=/card/": wechat.MiniProgram,
		"/wxaapi/newtmpl/gettemplate":        wechat.Anybody,
		"/cgi-bin/message/subscribe/send":    wechat.Anybody,
		"/cgi-bin/stable_token":              wechat.Anybody,
		"/cgi-bin/wxa/x":                     wechat.Anybody,
		"/cgi-bin/wxaapp/createwxaqrcode":    wechat.Anybody,
		"/sns/jscode2session":                wechat.Anybody,
		"/card/get":                          wechat.OfficialAccount,
		"/card/code/decrypt":                 wechat.OfficialAccount,
		"/cards/get":                         wechat.Anybody,
		"/cgi-bin/ticket/getticket":          wechat.OfficialAccount,
		"/cgi-bin/ticket/other":              wechat.Anybody,
		"/":                                  wechat.Anybody,
		"":                                   wechat.Anybody,
	} {
		for _, whose := range []wechat.Whose{wechat.OfficialAccount, wechat.MiniProgram, wechat.Anybody} {
			err := whose.CheckPath(path)
			foreign, is := errors.AsType[*wechat.ForeignToken](err)
			want := takes != wechat.Anybody && whose != wechat.Anybody && whose != takes
			if is != want || is && foreign.Wants != takes || is != (err != nil) {
				t.Errorf("%s with the token of %q: got %v", path, whose, err)
			}
		}
	}
}

// disguise spells a path otherwise, so that some server on the way might still read it as it was.
func disguise(rng *rand.Rand, path string) string {
	var b strings.Builder
	for i, c := range []byte(path) {
		switch n := rng.IntN(12); {
		case c == '/' && n == 0:
			b.WriteString("//")
		case c == '/' && n == 1:
			b.WriteString("/./")
		case c == '/' && n == 2:
			b.WriteString("/x/../")
		case c == '/' && n == 3 && i > 0:
			b.WriteString("%2f")
		case c == '/' && n == 4 && i > 0:
			b.WriteString("%252F")
		case c == '/' && n == 5 && i > 0:
			b.WriteString(`\`)
		case c == '/' && n == 6 && i > 0:
			b.WriteString(";v=1/")
		case c != '/' && n < 3:
			b.WriteString(strings.ToUpper(string(c)))
		case c != '/' && n == 3:
			b.WriteString(hex(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{'%', digits[c>>4], digits[c&15]})
}

func TestDisguisedPaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		for path, whose := range map[string]wechat.Whose{
			"/wxa/business/getuserphonenumber": wechat.OfficialAccount, "/card/code/decrypt": wechat.MiniProgram,
			"/cgi-bin/ticket/getticket": wechat.MiniProgram,
		} {
			if spelt := disguise(rng, path); whose.CheckPath(spelt) == nil {
				t.Fatalf("%s passes with the token of the %s", spelt, whose)
			}
		}
	}
}

func TestForeignCallsAreNotMade(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"errcode":0,"errmsg":"ok","ticket":"t","expires_in":7200,"code":"1"}`))
	}))
	defer srv.Close()
	observed := 0
	c := wechat.New(wechat.Config{BaseURLs: []string{srv.URL}, Observe: func(string, error, time.Duration) { observed++ }})
	defer c.Close()
	mini, official := c.Of(wechat.MiniProgram), c.Of(wechat.OfficialAccount)
	_, ticketErr := mini.Ticket(t.Context(), "token", wechat.CardTicket)
	_, codeErr := mini.DecryptCode(t.Context(), "token", "x")
	wxaErr := official.Do(t.Context(), wechat.Call{API: "x", Path: "/wxa/x?y", AccessToken: "token"}, nil)
	for _, err := range []error{ticketErr, codeErr, wxaErr} {
		if _, ok := errors.AsType[*wechat.ForeignToken](err); !ok {
			t.Errorf("got %v", err)
		}
	}
	if asked != 0 || observed != 0 {
		t.Errorf("WeChat was asked %d times", asked)
	}
	behind := wechat.New(wechat.Config{BaseURLs: []string{srv.URL + "/proxy", srv.URL + "/wxa"}})
	defer behind.Close()
	if err := behind.Of(wechat.OfficialAccount).CheckPath("/business/getuserphonenumber"); err == nil {
		t.Error("a base URL's path leads below /wxa/")
	}
	for _, c := range []*wechat.Client{behind.Of(wechat.MiniProgram), behind} {
		if err := c.CheckPath("/business/getuserphonenumber"); err != nil {
			t.Error(err)
		}
	}
	if _, err := official.DecryptCode(t.Context(), "token", "x"); err != nil || asked != 1 {
		t.Errorf("got %v", err)
	}
	if err := mini.Do(t.Context(), wechat.Call{API: "x", Path: "/wxa/x", AccessToken: "token"}, nil); err != nil || asked != 2 {
		t.Errorf("got %v", err)
	}
}
