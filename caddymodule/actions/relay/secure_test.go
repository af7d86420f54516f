package relay_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/relay"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
)

// secureLines are those of secure, with keys in files.
func secureLines(t *testing.T, suite securetest.Suite, more string) string {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return "{file." + path + "}"
	}
	return `secure {
		symmetric_key sym1 ` + file("sym", suite.Symmetric) + `
		private_key own1 ` + file("own.pem", suite.Own.Private) + `
		certificate plat1 ` + file("plat.pem", suite.WeChat.Public) + `
		` + more + `
	}`
}

// weChats gives WeChat's side of a suite.
func weChats(t *testing.T, suite securetest.Suite, pair securetest.Pair, number string) *secure.Keys {
	t.Helper()
	k, err := secure.New(secure.Config{
		SymmetricKey: suite.Symmetric, SymmetricNumber: "sym1", PrivateKey: pair.Private, AsymmetricNumber: number,
		Certificates: map[string]string{"own1": suite.Own.Public},
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newSecureSite relays with the shop's mini program, whose API 安全 is on.
func newSecureSite(t *testing.T, suite securetest.Suite, more string, with func(*sandbox.Secured)) *sitetest.ShopSite {
	t.Helper()
	s := sitetest.NewShop(t, `
	wechat_card relay {
		account shop
		mini_program {
			`+secureLines(t, suite, more)+`
		}
		allow /wxa/* /cgi-bin/menu/* /cgi-bin/openapi/quota/get
	}`)
	secured := sandbox.Secured{Keys: weChats(t, suite, suite.WeChat, "plat1")}
	if with != nil {
		with(&secured)
	}
	s.WeChat.Secure(sitetest.ShopMini, secured)
	return s
}

// TestSecure calls through the real handler what is sealed, with both choices of algorithms.
func TestSecure(t *testing.T) {
	for _, suite := range securetest.Suites() {
		for name, with := range map[string]func(*sandbox.Secured){
			"":                            nil,
			", demanded":                  func(s *sandbox.Secured) { s.Demanded = []string{phonePath} },
			", while certificates change": func(s *sandbox.Secured) { s.Keys, s.Deprecated = weChats(t, suite, suite.Older, "plat2"), s.Keys },
		} {
			t.Run(suite.Name+name, func(t *testing.T) {
				s := newSecureSite(t, suite, "", with)
				w := s.Do(local(phonePath, `{"code":"phone-demo.1"}`))
				var answer struct {
					ErrCode *int `json:"errcode"`
					Info    struct {
						Number string `json:"phoneNumber"`
					} `json:"phone_info"`
				}
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.ErrCode == nil || *answer.ErrCode != 0 || answer.Info.Number != "13800138000" {
					t.Fatalf("got %d %s", w.Code, w.Body)
				}
				h := w.Header()
				if got := h.Get("Content-Type"); !strings.HasPrefix(got, "application/json") || h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
					t.Errorf("got %v", h)
				}
				for field := range h {
					if strings.HasPrefix(field, "Wechatmp-") {
						t.Errorf("%s is passed on", field)
					}
				}
				if strings.Contains(w.Body.String(), `"_n"`) || strings.Contains(w.Body.String(), "_appid") {
					t.Errorf("got %s", w.Body)
				}
				// what WeChat refuses of what was sealed
				if w := s.Do(local(phonePath, `{"code":"phone-demo.1"}`)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"errcode":40029`) {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				// the query goes into the body, and other paths go as they are
				if w := s.Do(sitetest.Request{Method: http.MethodPost, Target: phonePath + "?code=phone-demo.2&access_token=old", From: "127.0.0.1"}); !strings.Contains(w.Body.String(), "13800138000") {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				if w := s.Do(local("/cgi-bin/menu/get", "")); !strings.Contains(w.Body.String(), `"errcode":46003`) {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				// a token that has ended
				if err := s.WeChat.Revoke(sandbox.Revocation{AppID: sitetest.ShopMini}); err != nil {
					t.Fatal(err)
				}
				if w := s.Do(local(phonePath, `{"code":"phone-demo.3"}`)); !strings.Contains(w.Body.String(), "13800138000") {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				s.None()
			})
		}
	}
}

// TestSecureRefusals has WeChat know other keys than the gateway.
func TestSecureRefusals(t *testing.T) {
	suite := securetest.Suites()[0]
	for name, tc := range map[string]struct {
		more   string
		change func(*secure.Config)
		want   int
	}{
		"another key":            {change: func(c *secure.Config) { c.SymmetricKey = securetest.Suites()[1].Symmetric }, want: 40235},
		"another sym_sn":         {change: func(c *secure.Config) { c.SymmetricNumber = "sym2" }, want: 40235},
		"another public key":     {change: func(c *secure.Config) { c.Certificates = map[string]string{"own1": suite.Older.Public} }, want: 40234},
		"its number is wanted":   {change: func(c *secure.Config) { c.SendNumber = true }, want: 40230},
		"and sent":               {more: "send_number", change: func(c *secure.Config) { c.SendNumber = true }},
		"the path is not sealed": {more: "paths /wxa/other", change: func(*secure.Config) {}, want: 934011},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecureSite(t, suite, tc.more, func(s *sandbox.Secured) {
				cfg := secure.Config{
					SymmetricKey: suite.Symmetric, SymmetricNumber: "sym1", PrivateKey: suite.WeChat.Private, AsymmetricNumber: "plat1",
					Certificates: map[string]string{"own1": suite.Own.Public},
				}
				tc.change(&cfg)
				var err error
				if s.Keys, err = secure.New(cfg); err != nil {
					t.Fatal(err)
				}
				s.Demanded = []string{phonePath}
			})
			w := s.Do(local(phonePath, `{"code":"phone-demo.1"}`))
			if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, fmt.Sprintf(`{"errcode":%d,`, tc.want)) {
				t.Errorf("got %d %s", w.Code, got)
			}
		})
	}
	// who has not switched it on
	s := sitetest.NewShop(t, "wechat_card relay {\naccount shop\nmini_program {\n"+secureLines(t, suite, "")+"\n}\nallow /wxa/*\n}")
	if w := s.Do(local(phonePath, `{"code":"phone-demo.1"}`)); !strings.Contains(w.Body.String(), `"errcode":40238`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestSecureEmptyObjects seals what some write for an empty object.
func TestSecureEmptyObjects(t *testing.T) {
	suite := securetest.Suites()[0]
	ch := weChats(t, suite, suite.WeChat, "plat1").Of(sitetest.ShopMini, time.Now)
	s := answering(t, "", func(w http.ResponseWriter, _ *http.Request, _ *secure.Channel) {
		fmt.Fprint(w, `{"errcode":40029,"errmsg":"invalid code"}`)
	})
	for _, body := range []string{"", " ", "{}", "{ }", "{\t\r\n}", " {} ", `{ "_n": 1 }`, `{"_appid":"x", "_timestamp" : 2 }`} {
		for query, want := range map[string]string{"": `{}`, "?b=2": `{"b":"2"}`} {
			if resp, got := s.call(http.MethodPost, phonePath+query, strings.NewReader(body)); resp.StatusCode != 200 {
				t.Errorf("%q: got %d %s", body, resp.StatusCode, got)
			}
			for _, c := range s.wechat.seen() {
				plain, err := ch.OpenCall(phonePath, c.header, []byte(c.body))
				if err != nil || !json.Valid(plain) || strings.Join(strings.Fields(string(plain)), "") != want {
					t.Errorf("%q%s: went out as %s: %v", body, query, plain, err)
				}
			}
		}
	}
}

// TestSecureOtherCase spells a path otherwise, which WeChat may not mind.
func TestSecureOtherCase(t *testing.T) {
	suite := securetest.Suites()[0]
	ch := weChats(t, suite, suite.WeChat, "plat1").Of(sitetest.ShopMini, time.Now)
	for _, more := range []string{"", "paths /wxa/Business/getUserPhoneNumber", "paths /WXA/*"} {
		s := answering(t, more, func(w http.ResponseWriter, _ *http.Request, _ *secure.Channel) {
			fmt.Fprint(w, `{"errcode":40029,"errmsg":"invalid code"}`)
		})
		for _, path := range []string{phonePath, "/wxa/business/GetUserPhoneNumber", "/wxa/BUSINESS/getuserphonenumber"} {
			if resp, got := s.call(http.MethodPost, path, strings.NewReader(`{"code":"x"}`)); resp.StatusCode != 200 {
				t.Errorf("%q: got %d %s", more, resp.StatusCode, got)
			}
			for _, c := range s.wechat.seen() {
				if plain, err := ch.OpenCall(path, c.header, []byte(c.body)); err != nil || string(plain) != `{"code":"x"}` {
					t.Errorf("%q: %s went out as %s: %v", more, c.uri, c.body, err)
				}
			}
		}
	}
}

// ridPath is a call that is sealed and only reads: it goes to the next host where one fails.
const ridPath = "/cgi-bin/openapi/rid/get"

// TestSecureHosts has a host fail, and the next one get a call of its own: it may know what the first one has seen.
func TestSecureHosts(t *testing.T) {
	suite := securetest.Suites()[0]
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/first/cgi-bin/stable_token":
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":7200}`, relayToken(1))
		case "/first" + ridPath:
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(w, `{"errcode":76022,"errmsg":"rid not found"}`)
		}
	}, "wechat_card {\napi API/first API\n"+shopLines+"\n}", "wechat_card relay {\naccount shop\nmini_program {\n"+secureLines(t, suite, "")+"\n}\nallow "+ridPath+"\n}")
	resp, got := s.call(http.MethodPost, ridPath, strings.NewReader(`{"rid":"x"}`))
	if resp.StatusCode != 200 || !strings.Contains(got, "76022") {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
	calls := slices.DeleteFunc(s.wechat.seen(), func(c relayedCall) bool { return !strings.Contains(c.uri, ridPath) })
	if len(calls) != 2 || calls[0].body == calls[1].body || calls[0].header.Get("Wechatmp-Signature") == calls[1].header.Get("Wechatmp-Signature") {
		t.Fatalf("WeChat saw %+v", calls)
	}
	ch := weChats(t, suite, suite.WeChat, "plat1").Of(sitetest.ShopMini, time.Now)
	for _, c := range calls {
		if plain, err := ch.OpenCall(ridPath, c.header, []byte(c.body)); err != nil || string(plain) != `{"rid":"x"}` {
			t.Errorf("got %s, %v", plain, err)
		}
	}
}

// TestSecureCannotSeal refuses what cannot be sealed before WeChat is asked.
func TestSecureCannotSeal(t *testing.T) {
	s := newSecureSite(t, securetest.Suites()[0], "", nil)
	w := s.Do(sitetest.Request{Method: http.MethodGet, Target: phonePath, From: "127.0.0.1"})
	problemtest.Want(t, w, 400, "invalid_request", "POST")
	for _, body := range []string{"[]", "x", `{"a":1`, "--b\r\n", `"a"`, "null", "{\"a\":\"\xff\"}", "{\"\xe4\xbd\":1}"} {
		problemtest.Want(t, s.Do(local(phonePath, body)), 400, "invalid_request", "JSON object")
	}
	for query, want := range map[string]string{
		"a=%zz": "the query", "a=1;b=2": "the query", "a=%ff": "'a' in the query is no UTF-8", "%ff=1": "in the query is no UTF-8",
		"b=1&a=1&a=1": "'a' more than once", "a=1&%61=2&access_token=x": "'a' more than once",
	} {
		problemtest.Want(t, s.Do(local(phonePath+"?"+query, "{}")), 400, "invalid_request", want)
	}
	problemtest.Want(t, s.Do(local(phonePath, `{"a":"`+strings.Repeat("x", relay.MaxKept)+`"}`)), 413, "body_too_large", "2097152 bytes")
	if n := s.WeChat.Calls()[phonePath]; n != 0 {
		t.Errorf("WeChat was asked %d times", n)
	}
	s.None()
}

// shopLines are those of the account shop in the global option.
const shopLines = "account shop {\napp_id " + sitetest.ShopAppID + "\napp_secret {env.TEST_APP_SECRET}\nmini_program " + sitetest.ShopMini + " {env.TEST_APP_SECRET}\n}"

// answering gives a site whose WeChat answers sealed calls as a test likes.
func answering(t *testing.T, more string, answer func(w http.ResponseWriter, r *http.Request, ch *secure.Channel)) *relaySite {
	t.Helper()
	suite := securetest.Suites()[0]
	ch := weChats(t, suite, suite.WeChat, "plat1").Of(sitetest.ShopMini, time.Now)
	return newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, ch)
	}, "wechat_card {\n"+shopLines+"\n}", `
	wechat_card relay {
		account shop
		mini_program {
			`+secureLines(t, suite, more)+`
		}
		allow /wxa/*
	}`)
}

// TestSecureSealsAnew looks at what WeChat gets, with a token that it refuses in a sealed answer, or in a plain one.
func TestSecureSealsAnew(t *testing.T) {
	for _, sealed := range []bool{true, false} {
		var refused atomic.Bool
		var s *relaySite
		s = answering(t, "", func(w http.ResponseWriter, r *http.Request, ch *secure.Channel) {
			text := `{"errcode":0,"errmsg":"ok"}`
			if !refused.Swap(true) {
				s.wechat.end()
				text = `{"errcode":42001,"errmsg":"access_token expired"}`
				if !sealed {
					fmt.Fprint(w, text)
					return
				}
			}
			call, err := ch.SealAnswer(r.URL.Path, []byte(text), nil)
			if err != nil {
				t.Error(err)
			}
			maps.Copy(w.Header(), call.Header)
			_, _ = w.Write(call.Body)
		})
		resp, got := s.call(http.MethodPost, "/wxa/getuserriskrank?scene=1&access_token=x", strings.NewReader(`{"openid":"o<&>"}`),
			"Wechatmp-Serial", "mine", "Wechatmp-Signature-Deprecated", "mine", "Content-Type", "text/plain")
		if resp.StatusCode != 200 || got != `{"errcode":0,"errmsg":"ok"}` || resp.ContentLength != int64(len(got)) {
			t.Fatalf("got %d %s", resp.StatusCode, got)
		}
		calls := s.wechat.seen()
		if len(calls) != 2 || calls[0].body == calls[1].body || calls[0].header.Get("Wechatmp-Signature") == calls[1].header.Get("Wechatmp-Signature") {
			t.Fatalf("WeChat saw %+v", calls)
		}
		suite := securetest.Suites()[0]
		ch := weChats(t, suite, suite.WeChat, "plat1").Of(sitetest.ShopMini, time.Now)
		for _, c := range calls {
			u, err := url.Parse(c.uri)
			if err != nil || len(u.Query()) != 1 || c.method != http.MethodPost || c.length != int64(len(c.body)) {
				t.Errorf("WeChat saw %+v", c)
			}
			if c.header.Get("Wechatmp-Serial") != "" || c.header.Get("Wechatmp-Signature-Deprecated") != "" || c.header.Get("Content-Type") != "application/json" ||
				c.header.Get("Wechatmp-Appid") != sitetest.ShopMini {
				t.Errorf("WeChat saw %v", c.header)
			}
			if plain, err := ch.OpenCall("/wxa/getuserriskrank", c.header, []byte(c.body)); err != nil || string(plain) != `{"scene":"1","openid":"o<&>"}` {
				t.Errorf("got %s, %v", plain, err)
			}
		}
	}
}

// TestSecureAnswers changes what WeChat answers.
func TestSecureAnswers(t *testing.T) {
	const well = `{"errcode":0,"risk_rank":1}`
	suite := securetest.Suites()[0]
	for name, tc := range map[string]struct {
		keys   *secure.Keys
		appID  string
		path   string
		late   time.Duration
		change func(h http.Header, body []byte) []byte
		status int
		want   int
		detail string
		hidden string
	}{
		"well":                    {want: 200},
		"well, with a bad status": {status: 500, want: 500},
		"late":                    {late: -4 * time.Minute, want: 200},
		"too late":                {late: -6 * time.Minute, want: 502, detail: "five minutes"},
		"from the future":         {late: 6 * time.Minute, want: 502, detail: "five minutes"},
		"a changed body":          {change: func(_ http.Header, b []byte) []byte { return append(b, '\n') }, want: 502, detail: "signature is wrong"},
		"no signature": {change: func(h http.Header, b []byte) []byte {
			h.Del("Wechatmp-Signature")
			return b
		}, want: 502, detail: "not signed"},
		"of another path":        {path: "/wxa/other", want: 502, detail: "signature is wrong"},
		"of another app":         {appID: sitetest.SecondMini, want: 502, detail: "another mini program"},
		"of another certificate": {keys: weChats(t, suite, suite.Older, "plat0"), want: 502, detail: "not configured"},
		"by another key":         {keys: weChats(t, suite, suite.Older, "plat1"), want: 502, detail: "signature is wrong"},
		"plain success":          {change: plainly(well), want: 502, detail: "not signed", hidden: "risk_rank"},
		"plain failure":          {change: plainly(`{"errcode":40234,"errmsg":"invalid signature"}`), want: 200},
		"a page":                 {change: plainly("<html>"), status: 503, want: 502, detail: "HTTP status 503 does not prove by API 安全 to be WeChat's: it is neither signed nor JSON", hidden: "html"},
		"a page of a login":      {change: plainly("<html>"), want: 502, detail: "neither signed nor JSON", hidden: "html"},
		"a redirect":             {change: plainly(""), status: 302, want: 502, detail: "HTTP status 302"},
		"a refusal on the way":   {change: plainly(`{"message":"forbidden"}`), status: 403, want: 502, detail: "HTTP status 403 does not prove by API 安全 to be WeChat's: it is not signed", hidden: "forbidden"},
		"too long":               {change: plainly(strings.Repeat(" ", 5<<20)), want: 502, hidden: "   "},
		"nothing":                {change: plainly(""), want: 502, detail: "neither signed nor JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			s := answering(t, "", func(w http.ResponseWriter, r *http.Request, ch *secure.Channel) {
				k, appID, path := ch.Keys, tc.appID, tc.path
				if tc.keys != nil {
					k = tc.keys
				}
				if appID == "" {
					appID = sitetest.ShopMini
				}
				if path == "" {
					path = r.URL.Path
				}
				call, err := k.Of(appID, func() time.Time { return time.Now().Add(tc.late) }).SealAnswer(path, []byte(well), nil)
				if err != nil {
					t.Error(err)
				}
				body := call.Body
				if tc.change != nil {
					body = tc.change(call.Header, body)
				}
				maps.Copy(w.Header(), call.Header)
				if tc.status != 0 {
					w.WriteHeader(tc.status)
				}
				_, _ = w.Write(body)
			})
			resp, got := s.call(http.MethodPost, "/wxa/getuserriskrank", strings.NewReader("{}"))
			if resp.StatusCode != tc.want || tc.detail != "" && (!strings.Contains(got, "API 安全") || !strings.Contains(got, tc.detail)) {
				t.Errorf("got %d %s", resp.StatusCode, got)
			}
			if tc.hidden != "" && strings.Contains(got, tc.hidden) {
				t.Errorf("got %s", got)
			}
			if tc.detail != "" {
				seenBySDK(t, resp, got, 502, "wechat_error", -1)
			}
			if tc.change == nil && (tc.want == 200 || tc.want == 500) && got != well {
				t.Errorf("got %s", got)
			}
			if strings.Contains(got, suite.Symmetric) || strings.Contains(got, "{file") {
				t.Errorf("a key is in %s", got)
			}
		})
	}
}

// plainly answers without API 安全.
func plainly(text string) func(http.Header, []byte) []byte {
	return func(h http.Header, _ []byte) []byte {
		for name := range h {
			if strings.HasPrefix(name, "Wechatmp-") {
				delete(h, name)
			}
		}
		return []byte(text)
	}
}

// TestSecureTimeout waits no longer than timeout for the end of a sealed answer.
func TestSecureTimeout(t *testing.T) {
	suite := securetest.Suites()[0]
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Wechatmp-Signature", "x")
		fmt.Fprint(w, `{"iv":`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, "wechat_card {\ntimeout 300ms\n"+shopLines+"\n}", "wechat_card relay {\naccount shop\nmini_program {\n"+secureLines(t, suite, "")+"\n}\nallow /wxa/*\n}")
	resp, got := s.call(http.MethodPost, "/wxa/getuserriskrank", strings.NewReader("{}"))
	seenBySDK(t, resp, got, 504, "wechat_timeout", -1)
}

// TestSecureClock seals by WeChat's clock where ours is wrong.
func TestSecureClock(t *testing.T) {
	suite := securetest.Suites()[1]
	for _, off := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		wechat := sandbox.New(sandbox.Config{
			MiniPrograms: map[string]string{sitetest.ShopMini: sitetest.Secret}, Now: func() time.Time { return time.Now().Add(off) },
		})
		wechat.Secure(sitetest.ShopMini, sandbox.Secured{Keys: weChats(t, suite, suite.WeChat, "plat1")})
		api := httptest.NewServer(wechat)
		defer api.Close()
		s := newRelaySiteOf(t, nil, "wechat_card {\napi "+api.URL+"\n"+shopLines+"\n}",
			"wechat_card relay {\naccount shop\nmini_program {\n"+secureLines(t, suite, "")+"\n}\nallow /wxa/*\n}")
		if _, got := s.call(http.MethodPost, phonePath, strings.NewReader(`{"code":"phone-demo.1"}`)); !strings.Contains(got, "13800138000") {
			t.Errorf("%v: got %s", off, got)
		}
	}
}

// TestSecureConfig refuses keys that are none, and shows none.
func TestSecureConfig(t *testing.T) {
	suite := securetest.Suites()[0]
	t.Setenv("PRIVATE", suite.Own.Private)
	t.Setenv("PLATFORM", suite.WeChat.Public)
	t.Setenv("SYMMETRIC", suite.Symmetric)
	t.Setenv("BAD", "c2VjcmV0")
	const good = "symmetric_key s {env.SYMMETRIC}\nprivate_key o {env.PRIVATE}\ncertificate p {env.PLATFORM}"
	for lines, want := range map[string]string{
		good: "",
		strings.Replace(good, "{env.SYMMETRIC}", "{env.BAD}", 1):     "secure: the symmetric key has 6 bytes",
		strings.Replace(good, "{env.PRIVATE}", "{env.BAD}", 1):       "secure: the private key is no PEM",
		strings.Replace(good, "{env.PRIVATE}", "{env.PLATFORM}", 1):  "secure: the private key is none that can be read",
		strings.Replace(good, "{env.PLATFORM}", "{env.PRIVATE}", 1):  "secure: the certificate p is no certificate",
		strings.Replace(good, "{env.SYMMETRIC}", "{env.MISSING}", 1): "secure: symmetric_key: evaluated placeholder {env.MISSING} is empty",
		strings.Replace(good, "{env.PLATFORM}", "{file./none}", 1):   "certificate p: ",
		strings.Replace(good, " s ", " {env.SYMMETRIC} ", 1):         "secure: the symmetric key has no number",
	} {
		_, err := sitetest.TryProvision(`{
	admin off
	storage file_system ` + t.TempDir() + `
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id ` + sitetest.AppID + `
			app_secret {env.SYMMETRIC}
			mini_program ` + sitetest.ShopMini + ` {env.SYMMETRIC}
		}
	}
}
http://localhost:9080 {
	wechat_card relay {
		mini_program {
			secure {
				` + lines + `
			}
		}
		allow /wxa/*
	}
}`)
		if want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ", at Caddyfile:") ||
			strings.Contains(err.Error(), suite.Symmetric) || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: got %v", lines, err)
		}
	}
	if err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"accounts":{"default":{"app_id":"wx0000000000000001","app_secret":"s"}},"store":{"module":"off"}},"http":{"servers":{"s":{"routes":[{"handle":[
		{"handler":"wechat_card","action":{"name":"relay","allow":["/wxa/*"],"secure":{}}}]}]}}}}}`); err == nil || !strings.Contains(err.Error(), "needs mini_program") {
		t.Errorf("got %v", err)
	}
	for paths, want := range map[string]string{
		`"/wxa/x"`: "", `"/wxa/*","/cgi-bin/*"`: "", `"/wxa/x","/datacube/*"`: "secure: paths: no call of /datacube/* is ever sealed", `"/card/*"`: "secure: paths: calls of /card/* are refused",
	} {
		err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"accounts":{"default":{"app_id":"wx0000000000000001","app_secret":"s",
			"mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}]}},"store":{"module":"off"}},"http":{"servers":{"s":{"routes":[{"handle":[
			{"handler":"wechat_card","action":{"name":"relay","mini_program":"","allow":["/wxa/*","/card/*","/cgi-bin/menu/get"],"secure":{"symmetric_key":{"number":"s","key":"{env.SYMMETRIC}"},
			"private_key":{"number":"o","key":"{env.PRIVATE}"},"certificate":{"p":"{env.PLATFORM}"},"paths":[` + paths + `]}}}]}]}}}}}`)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("paths %s: got %v", paths, err)
		}
	}
}

// TestSecureThatSealsNothing warns where the paths that are sealed by default cannot be called.
func TestSecureThatSealsNothing(t *testing.T) {
	suite := securetest.Suites()[0]
	for allow, want := range map[string]int{"/cgi-bin/menu/*": 1, "/cgi-bin/menu/* /datacube/x": 0, "/cgi-bin/* /card/*": 0, "/cgi-bin/clear_quota": 0, "/cgi-bin/clear_quota/v2": 1} {
		s := newRelaySiteOf(t, nil, "wechat_card {\n"+shopLines+"\n}",
			"bind 127.0.0.1\nwechat_card relay {\naccount shop\nmini_program {\n"+secureLines(t, suite, "")+"\n}\nallow "+allow+"\n}")
		found := s.App.Doubts("shop")
		if len(found) != want || want == 1 && !strings.Contains(found[0].Text, "relay seals no call") {
			t.Errorf("allow %s: got %v", allow, found)
		}
	}
}

// TestSecureOfLiteralKeys warns of keys that stand in the configuration itself, and names none.
func TestSecureOfLiteralKeys(t *testing.T) {
	suite := securetest.Suites()[1]
	t.Setenv("SYMMETRIC", "s3cret")
	logs := filepath.Join(t.TempDir(), "log")
	sitetest.Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output file `+logs+`
		level WARN
	}
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id `+sitetest.AppID+`
			app_secret {env.SYMMETRIC}
			mini_program `+sitetest.ShopMini+` {env.SYMMETRIC}
		}
	}
}
http://localhost:9080 {
	wechat_card relay {
		mini_program {
			secure {
				symmetric_key s `+suite.Symmetric+`
				private_key o "`+suite.Own.Private+`"
				certificate p "`+suite.WeChat.Public+`"
			}
		}
		allow /wxa/*
	}
}`)
	b, err := os.ReadFile(logs)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(b); !strings.Contains(text, "secrets stand in the configuration itself") || !strings.Contains(text, "symmetric_key") || !strings.Contains(text, "private_key") ||
		strings.Contains(text, suite.Symmetric) || strings.Contains(text, "BEGIN PRIVATE") {
		t.Errorf("got %s", b)
	}
}
