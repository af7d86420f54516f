package push

import (
	"strings"
	"testing"
	"time"
)

const (
	component = "wx134c8103faa5a59e"
	account   = "wxba5fad812f8e6fb9"
	otherKey  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
)

// TestPlatformVectors opens two pushes to a component whose texts were sealed by other code.
func TestPlatformVectors(t *testing.T) {
	r, err := New(Config{Token: "spamtest", EncodingAESKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		encrypt string
		q       Query
		want    PlatformEvent
	}{
		{
			"Q3stYC6hdFzMh9T8HCvyDA+zgC/nwbLBbDB2y/aFZG5KKWnZDoLtOaNH9OMMXc45nc6MeOiiSvY/IF15mSDod0ZGyA8kmDbtpUBf5n+XdmnUG2qomdZF8ZPvwIRKQUvCkQb1Sli6bd5QsN+RJZK7ysVKxD7FFvJ8yu/kTAd5gZSn4Tfrt7o5BIzMQd250CLpnHQq+wkovedecuRgALOvG5Flcb4MF0rUSdccWznJzwpTMmmfbAR2lylfzY2uOPLDu4ndKPAZb91LfbITcrbcMo0jeat816BlvwPMNrMnPe22dTN/07o3GhPhh3Sfavks/VM0kberi4uqGV3EPxoNfWRyQ/6gbTUIWV4dvQMwB6M1Z6PJvOkwDT/kxIuincku",
			Query{Timestamp: "1700000000", Nonce: "12345678", MsgSignature: "62db43cc878b3f3604c4550e23847b76dfc2a3eb"},
			PlatformEvent{InfoType: "component_verify_ticket", Created: time.Unix(1_700_000_000, 0), Ticket: "ticket@@@0123456789abcdef"},
		},
		{
			"Q3stYC6hdFzMh9T8HCvyDC/lzBGvf+Ye5kWtT+2Hhh6o5Vt0+VXw4v6/Jr41oOJGioc5eTSDk6mF+lcr2dfqdE7KsbtuwrVcpQUVoJdMgH13+19A1xps4o475RlJJ6aAT2qbyWR73DdtWB8zlenMwuwBRz1yAYtisR5MTWHPYjxWbwSq7omAFfmE994MZ6Q7zmBaLxpZYvMzCooCqRV7pnve2ZhEUMJusitURP97qcfA7MgefKttD06J+1ZvAmemE7VuYKJ9P9UncGAMxMYgYqgZl3se53TEcI7z4o2hsRgbpBnph0iItEwccdMDmu82hmLUeIyUTLGxZwrIszw3Gw==",
			Query{Timestamp: "1700000600", Nonce: "12345678", MsgSignature: "fc630cd0caba26f374d5172ed48c9767b4de54e1"},
			PlatformEvent{InfoType: "unauthorized", Created: time.Unix(1_700_000_600, 0), AppID: account},
		},
	} {
		body := "<xml><AppId><![CDATA[" + component + "]]></AppId><Encrypt><![CDATA[" + tc.encrypt + "]]></Encrypt></xml>"
		m, err := r.Open(tc.q, []byte(body), component, testNow.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := m.Platform(); !ok || got != tc.want {
			t.Errorf("got %+v %v, want %+v", got, ok, tc.want)
		}
	}
}

func TestPlatform(t *testing.T) {
	for name, tc := range map[string]struct {
		inner string // of <xml>, behind AppId
		want  PlatformEvent
		not   bool
	}{
		"authorized": {
			`<CreateTime>1700000000</CreateTime><InfoType>authorized</InfoType><AuthorizerAppid><![CDATA[wxa]]></AuthorizerAppid><AuthorizationCode>queryauthcode@@@1</AuthorizationCode>`,
			PlatformEvent{InfoType: "authorized", Created: testNow, AppID: "wxa", Code: "queryauthcode@@@1"},
			false,
		},
		"unknown":      {`<InfoType>notify_of_tomorrow</InfoType>`, PlatformEvent{InfoType: "notify_of_tomorrow"}, false},
		"registered":   {`<InfoType>notify_third_fasteregister</InfoType><appid>wxn</appid><status>0</status><auth_code>c</auth_code><info><name>x</name></info>`, PlatformEvent{InfoType: "notify_third_fasteregister", AppID: "wxn", Code: "c"}, false},
		"unregistered": {`<InfoType>notify_third_fasteregister</InfoType><appid>wxn</appid><status>86004</status><auth_code>c</auth_code>`, PlatformEvent{InfoType: "notify_third_fasteregister"}, false},
		"a message":    {`<ToUserName>gh</ToUserName><InfoType>component_verify_ticket</InfoType>`, PlatformEvent{}, true},
		"a user who breaks out of a text": {
			`<FromUserName>o</FromUserName><MsgType>text</MsgType><Content>]]></Content><InfoType>authorized</InfoType><Content></Content>`, PlatformEvent{}, true,
		},
		"twice":                {`<InfoType>authorized</InfoType><InfoType>unauthorized</InfoType>`, PlatformEvent{}, true},
		"not whole":            {`<InfoType>authorized</InfoType`, PlatformEvent{}, true},
		"of another component": {`<AppId>wx2</AppId><InfoType>authorized</InfoType>`, PlatformEvent{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			q, encrypt := sealed(t, "<xml><AppId>"+component+"</AppId>"+tc.inner+"</xml>", component, testNow)
			m, err := newReceiver(t, testKey).Open(q, envelope(encrypt), component, testNow)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := m.Platform(); ok == tc.not || got != tc.want {
				t.Errorf("got %+v %v", got, ok)
			}
		})
	}
}

// TestPreviousKey has WeChat use the old key for a while, and answers with the one that it used.
func TestPreviousKey(t *testing.T) {
	r, err := New(Config{Token: testToken, EncodingAESKey: otherKey, PreviousKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	q, encrypt := sealed(t, testEvent, testAppID, testNow)
	m, err := r.Open(q, envelope(encrypt), testAppID, testNow)
	if err != nil || m.Event != "user_get_card" {
		t.Fatalf("got %+v %v", m, err)
	}
	reply, _ := r.Seal(m, []byte("<xml>hello</xml>"), testNow)
	_, rest, _ := strings.Cut(string(reply), "<Encrypt><![CDATA[")
	text, _, _ := strings.Cut(rest, "]]>")
	old, err := NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	if plain, whose, err := old.Decrypt(text); err != nil || string(plain) != "<xml>hello</xml>" || whose != testAppID {
		t.Errorf("got %q for %s, %v", plain, whose, err)
	}
	if _, err := newReceiver(t, otherKey).Open(q, envelope(encrypt), testAppID, testNow); err == nil {
		t.Error("a key that is not listed opened a message")
	}
	if _, err := r.Open(q, envelope(encrypt), account, testNow); err == nil {
		t.Error("a message for another receiver was taken")
	}
	if _, err := New(Config{Token: testToken, EncodingAESKey: testKey, PreviousKey: "short"}); err == nil {
		t.Error("a previous key that is none was taken")
	}
}

func TestReplyText(t *testing.T) {
	m := &Message{Plain: []byte("<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><MsgType>text</MsgType><Content><![CDATA[hi]]></Content></xml>"), OpenID: "oA"}
	if to, content := m.Text(); to != "gh_1" || content != "hi" {
		t.Errorf("got %q %q", to, content)
	}
	got := string(m.ReplyText("a]]>b", testNow))
	want := "<xml><ToUserName><![CDATA[oA]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>1700000000</CreateTime>" +
		"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a]]]]><![CDATA[>b]]></Content></xml>"
	if got != want {
		t.Errorf("got %s", got)
	}
}
