package sandbox

import (
	"strings"
	"sync"
	"testing"
)

// publisher is a platform that passes the test, but for what is spoilt.
type publisher struct {
	*platformRig

	token  string
	wg     sync.WaitGroup
	mu     sync.Mutex
	access map[string]string // by app id
	spoil  string
}

// answer does what the test wants; what takes a call goes on behind it.
func (p *publisher) answer(path, plain string) string {
	if element(plain, "InfoType") == "authorized" {
		p.wg.Go(func() { p.exchange(element(plain, "AuthorizationCode")) })
		return "success"
	}
	appID, isMessage := strings.CutPrefix(path, "/messages/")
	if !isMessage {
		return "success"
	}
	content, user := element(plain, "Content"), element(plain, "FromUserName")
	if code, isCode := strings.CutPrefix(content, "QUERY_AUTH_CODE:"); isCode {
		p.wg.Go(func() {
			p.exchange(code)
			p.send(appID, user, code+"_from_api")
		})
		return ""
	}
	if element(plain, "ToUserName") == "gh_3c884a361561" {
		if p.spoil == "silent" {
			return "success"
		}
		text := content + "_callback"
		if element(plain, "MsgType") == "event" {
			text = element(plain, "Event") + "from_callback"
		}
		if p.spoil == "text" {
			text = "hello"
		}
		return p.site.seal("<xml><ToUserName>" + user + "</ToUserName><FromUserName>" + element(plain, "ToUserName") + "</FromUserName><CreateTime>1</CreateTime>" +
			"<MsgType>text</MsgType><Content>" + text + "</Content></xml>")
	}
	p.wg.Go(func() { p.send(appID, user, content+"_callback") })
	return "success"
}

// exchange is locked as a whole: of two who have one code, the later sees what the first has got.
func (p *publisher) exchange(code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.component("api_query_auth", p.token, `"authorization_code":"`+code+`"`)
	if info, ok := a["authorization_info"].(map[string]any); ok {
		p.access[answer(info).text("authorizer_appid")] = answer(info).text("authorizer_access_token")
	}
}

func (p *publisher) send(appID, user, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wantCode("the message", p.post("/cgi-bin/message/custom/send", p.access[appID], map[string]any{"touser": user, "msgtype": "text", "text": map[string]any{"content": text}}), 0)
}

func TestRelease(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		spoil   string
		options ReleaseTest
		wrong   string // in the first case that fails
	}{
		{"", ReleaseTest{Pair: 1}, ""},
		{"", ReleaseTest{Pair: 1, Event: true, SameCode: true}, ""},
		{"", ReleaseTest{Pair: 1, Silent: true}, ""},
		{"text", ReleaseTest{Pair: 1}, `the reply is the text "hello", want the text "TESTCOMPONENT_MSG_TYPE_TEXT_callback"`},
		{"silent", ReleaseTest{Pair: 1}, "the reply is not sealed"},
	} {
		t.Run(tc.spoil, func(t *testing.T) {
			t.Parallel()
			p := &publisher{platformRig: newPlatform(t, nil), access: make(map[string]string), spoil: tc.spoil}
			p.token = p.platformRig.token()
			p.site.reply = p.answer
			report, err := p.s.TestRelease(t.Context(), tc.options)
			p.wg.Wait()
			if err != nil || report.Passed != (tc.wrong == "") {
				t.Fatalf("got %+v, %v", report, err)
			}
			if n := len(report.Cases); n < 5 {
				t.Errorf("got %d cases", n)
			}
			for _, c := range report.Cases {
				if !c.Passed {
					if c.Detail != tc.wrong {
						t.Errorf("got %+v", c)
					}
					return
				}
			}
		})
	}
	r := newPlatform(t, nil)
	if _, err := r.s.TestRelease(t.Context(), ReleaseTest{Pair: 6}); err == nil {
		t.Error("there is a sixth pair")
	}
}

func TestMessages(t *testing.T) {
	r := newPlatform(t, nil)
	r.site.reply = func(path, plain string) string {
		if path != "/messages/"+merchantID {
			t.Errorf("got %s", path)
		}
		return r.site.seal("<xml>" + element(plain, "Content") + "</xml>")
	}
	got, err := r.s.Message(t.Context(), Message{AppID: merchantID, Text: "a]]>b"})
	if err != nil || got.Status != 200 || got.Plain != "<xml>a]]]]><![CDATA[>b</xml>" || got.Error != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	r.site.reply = func(string, string) string { return strings.Replace(r.site.seal("x"), "<Nonce>n", "<Nonce>m", 1) }
	if got, _ := r.s.Message(t.Context(), Message{AppID: merchantID, Event: "x"}); !strings.Contains(got.Error, "MsgSignature") {
		t.Errorf("got %+v", got)
	}
	if _, err := r.s.Message(t.Context(), Message{AppID: merchantID}); err == nil {
		t.Error("nothing was pushed")
	}
	if a := r.do("POST", "/_sandbox/component/message", `{"app_id":"`+merchantID+`","text":"hi","to":1}`); a.text("error") == "" {
		t.Errorf("got %v", a)
	}

	r.site.reply = nil
	access, _ := r.board(r.token(), merchantID)
	send := func(user, body string) answer {
		return r.post("/cgi-bin/message/custom/send", access, `{"touser":"`+user+`",`+body+`}`)
	}
	const text = `"msgtype":"text","text":{"content":"hello"}`
	demo := r.s.OpenID(merchantID, "demo")
	r.wantCode("a reply", send(demo, text), 0)
	r.wantCode("to nobody", send("o0", text), 40003)
	r.wantCode("another kind", send(demo, `"msgtype":"image"`), 40008)
	r.wantCode("one who did not write", send(r.s.OpenID(merchantID, "bob"), text), 45015)
}
