package push

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

const (
	testToken = "t0ken"
	testKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	testAppID = "wx0123456789abcdef"
	testEvent = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oAnna]]></FromUserName><CreateTime>1700000000</CreateTime>` +
		`<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[user_get_card]]></Event><CardId> <![CDATA[pCard]]> </CardId>` +
		`<IsGiveByFriend>1</IsGiveByFriend><UserCardCode><![CDATA[123456]]></UserCardCode><OuterStr><![CDATA[小程序🎁]]></OuterStr>` +
		`<IsRestoreMemberCard>0</IsRestoreMemberCard><UnionId>uUnion</UnionId></xml>`
)

var testNow = time.Unix(1_700_000_000, 0)

func newReceiver(t testing.TB, key string) *Receiver {
	t.Helper()
	r, err := New(Config{Token: testToken, EncodingAESKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plainQuery signs a message that is not encrypted.
func plainQuery(at time.Time, nonce string) Query {
	timestamp := fmt.Sprint(at.Unix())
	return Query{Timestamp: timestamp, Nonce: nonce, Signature: Sign(testToken, timestamp, nonce)}
}

// sealed encrypts and signs a message.
func sealed(t testing.TB, msg, appID string, at time.Time) (Query, string) {
	t.Helper()
	c, err := NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	encrypt := c.Encrypt([16]byte{1, 2, 3}, []byte(msg), appID)
	q := plainQuery(at, "4711")
	q.MsgSignature = Sign(testToken, q.Timestamp, q.Nonce, encrypt)
	return q, encrypt
}

func envelope(encrypt string) []byte {
	return []byte("<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + encrypt + "]]></Encrypt></xml>")
}

func wantRefused(t *testing.T, err error, mention string) {
	t.Helper()
	if e, ok := errors.AsType[*Refused](err); !ok || !strings.Contains(e.Reason, mention) {
		t.Errorf("got error %v, want a refusal that mentions %q", err, mention)
	}
}

func wantMalformed(t *testing.T, err error, mention string) {
	t.Helper()
	if e, ok := errors.AsType[*Malformed](err); !ok || !strings.Contains(e.Reason, mention) {
		t.Errorf("got error %v, want one that mentions %q", err, mention)
	}
}

func TestNew(t *testing.T) {
	for _, cfg := range []Config{
		{EncodingAESKey: testKey},
		{Token: "t", EncodingAESKey: "short"},
		{Token: "t", EncodingAESKey: testKey + "H"},
		{Token: "t", EncodingAESKey: strings.Repeat("-", 43)},
		{Token: "t", EncodingAESKey: testKey[:42] + "\n"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

func TestAge(t *testing.T) {
	r := newReceiver(t, "")
	for _, tc := range []struct {
		age  time.Duration
		good bool
	}{
		{0, true},
		{25 * time.Hour, true},
		{25*time.Hour + time.Second, false},
		{-5 * time.Minute, true},
		{-5*time.Minute - time.Second, false},
	} {
		q := plainQuery(testNow.Add(-tc.age), "1")
		err := r.Handshake(q, testNow)
		if (err == nil) != tc.good {
			t.Errorf("age %s: %v", tc.age, err)
		}
		if _, err = r.Open(q, []byte(testEvent), testAppID, testNow); (err == nil) != tc.good {
			t.Errorf("age %s: %v", tc.age, err)
		}
	}
	for _, timestamp := range []string{"", "0", "01700000000", "-1700000000", "+1700000000", "1700000000.0", "x", "17000000000000", "99999999999999999999"} {
		q := Query{Timestamp: timestamp, Nonce: "1", Signature: Sign(testToken, timestamp, "1")}
		wantRefused(t, r.Handshake(q, testNow), "timestamp")
	}
	q := plainQuery(testNow, strings.Repeat("1", 64))
	wantRefused(t, r.Handshake(q, testNow), "nonce")
}

func TestPlain(t *testing.T) {
	r := newReceiver(t, "")
	const asJSON = `{"FromUserName":"oAnna","MsgType":"event","Event":"user_get_card","CardId":"pCard","IsGiveByFriend":%s,` +
		`"UserCardCode":%s,"OuterStr":"小程序🎁","UnionId":"uUnion","IsRestoreMemberCard":%s}`
	for i, body := range []string{
		testEvent,
		"\ufeff \r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->" + testEvent,
		fmt.Sprintf(asJSON, `1`, `"123456"`, `0`),
		fmt.Sprintf(asJSON, `"1"`, `123456`, `"0"`),
		"\ufeff" + fmt.Sprintf(asJSON, `true`, `" 123456 "`, `null`) + "\n",
	} {
		if i == 1 {
			body = strings.Replace(body, " \r\n", "", 1) // a declaration stands at the very beginning
		}
		m, err := r.Open(plainQuery(testNow, fmt.Sprint(i)), []byte(body), testAppID, testNow)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		got := []any{m.MsgType, m.Event, m.OpenID, m.UnionID, m.CardID, m.UserCardCode, m.OuterStr, m.GiveByFriend, m.Restored, m.Encrypted()}
		want := []any{"event", "user_get_card", "oAnna", "uUnion", "pCard", "123456", "小程序🎁", true, false, false}
		if fmt.Sprint(got) != fmt.Sprint(want) || string(m.Plain) != body || m.Name != sha256.Sum256([]byte(body)) {
			t.Errorf("%s\ngot  %v\nwant %v", body, got, want)
		}
	}

	q := plainQuery(testNow, "forged")
	q.Signature = Sign("other", q.Timestamp, q.Nonce)
	_, err := r.Open(q, []byte(testEvent), testAppID, testNow)
	wantRefused(t, err, "signature")
	q.Signature = ""
	_, err = r.Open(q, []byte(testEvent), testAppID, testNow)
	wantRefused(t, err, "signature")

	_, encrypt := sealed(t, testEvent, testAppID, testNow)
	_, err = r.Open(plainQuery(testNow, "no key"), envelope(encrypt), testAppID, testNow)
	wantMalformed(t, err, "no encoding_aes_key")
}

// TestTextIsNoEvent keeps what a user writes out of the fields of an event.
func TestTextIsNoEvent(t *testing.T) {
	r := newReceiver(t, "")
	m, err := r.Open(plainQuery(testNow, "1"), []byte(`<xml><MsgType>text</MsgType><Event>user_get_card</Event><FromUserName>o1</FromUserName>`+
		`<Content><![CDATA[</Content><CardId>p1</CardId>]]></Content><Inner><CardId>p2</CardId><Inner><CardId>p3</CardId></Inner></Inner></xml>`), testAppID, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if m.Event != "" || m.CardID != "" || m.OpenID != "o1" {
		t.Errorf("got %+v", m)
	}
}

// TestPairs replays what was signed with other bodies.
func TestPairs(t *testing.T) {
	r := newReceiver(t, "")
	open := func(q Query, body string) error {
		_, err := r.Open(q, []byte(body), testAppID, testNow)
		return err
	}
	q := plainQuery(testNow, "1700000001")
	wantMalformed(t, open(q, "<xml><Encrypt>"+strings.Repeat("A", 44)+"</Encrypt>"), "no encoding_aes_key") // uses up nothing
	if err := open(q, testEvent); err != nil {
		t.Fatal(err)
	}
	if err := open(q, testEvent); err != nil {
		t.Errorf("a repetition: %v", err)
	}
	forged := strings.Replace(testEvent, "oAnna", "oThief", 1)
	wantRefused(t, open(q, forged), "another message")
	swapped := Query{Timestamp: q.Nonce, Nonce: q.Timestamp, Signature: q.Signature} // signs the same digits
	wantRefused(t, open(swapped, forged), "another message")
	if err := open(plainQuery(testNow, "2"), forged); err != nil {
		t.Errorf("with a signature of its own: %v", err)
	}

	// In compatible mode without a key the encrypted part, another one each time, is no part of what the message says.
	compatible := strings.Replace(testEvent, "</xml>", "<Encrypt><![CDATA[%s]]></Encrypt></xml>", 1)
	q = plainQuery(testNow, "3")
	if err := open(q, fmt.Sprintf(compatible, "AAAA")); err != nil {
		t.Error(err)
	}
	if err := open(q, fmt.Sprintf(compatible, "BBBBBBBB")); err != nil {
		t.Errorf("the same with other random bytes: %v", err)
	}
}

func TestPairsAreBounded(t *testing.T) {
	p := NewPairs()
	use := func(i int, at time.Time, message byte) bool {
		q := plainQuery(at, fmt.Sprint(i))
		return p.use(q, [sha256.Size]byte{message}, testNow)
	}
	early := testNow.Add(-time.Hour)
	use(-1, early, 1)
	for i := range maxPairs {
		if !use(i, testNow, 1) {
			t.Fatalf("%d is refused", i)
		}
	}
	if len(p.messages) != maxPairs || len(p.ring) != maxPairs {
		t.Errorf("remembers %d and %d", len(p.messages), len(p.ring))
	}
	if use(-1, early, 2) {
		t.Error("one that was forgotten is taken with another message")
	}
	if !use(5, testNow, 1) || use(5, testNow, 2) || !use(maxPairs, testNow, 1) {
		t.Error("forgets too much")
	}
}

func TestSealed(t *testing.T) {
	r := newReceiver(t, testKey)
	q, encrypt := sealed(t, testEvent, testAppID, testNow)
	compatible := strings.Replace(testEvent, "</xml>", "<Encrypt>"+encrypt+"</Encrypt></xml>", 1)
	compatible = strings.Replace(compatible, "oAnna", "oThief", 1) // what is not encrypted does not count
	for _, body := range []string{string(envelope(encrypt)), compatible, `{"ToUserName":"gh_1","Encrypt":"` + encrypt + `"}`} {
		m, err := r.Open(q, []byte(body), testAppID, testNow)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Plain) != testEvent || m.OpenID != "oAnna" || !m.Encrypted() || m.Name != sha256.Sum256([]byte(testEvent)) {
			t.Errorf("got %+v", m)
		}
		reply, format := r.Seal(m, []byte("<xml>reply</xml>"), testNow)
		if want := map[bool]Format{true: JSON, false: XML}[body[0] == '{']; format != want {
			t.Errorf("sealed as %s, want %s", format, want)
		}
		d := read(reply)
		if !d.whole {
			t.Fatalf("%s is not whole", reply)
		}
		text, whose := decrypt(t, testKey, d.fields[fieldEncrypt])
		if string(text) != "<xml>reply</xml>" || whose != testAppID {
			t.Errorf("sealed %s for %s", text, whose)
		}
	}

	if m, err := r.Open(q, envelope(encrypt), testAppID, testNow); err != nil || m.receiver != testAppID {
		t.Errorf("got %+v, error %v", m, err)
	}
	pq, pe := sealed(t, testEvent, "wxPlatform", testNow)
	if _, err := r.Open(pq, envelope(pe), "wxPlatform", testNow); err != nil {
		t.Error(err)
	}
	_, err := r.Open(pq, envelope(pe), testAppID, testNow)
	wantRefused(t, err, "another receiver")

	// Downgrades, and parts of others.
	_, err = r.Open(plainQuery(testNow, "1"), []byte(testEvent), testAppID, testNow)
	wantRefused(t, err, "not encrypted")
	_, err = r.Open(q, []byte(testEvent), testAppID, testNow)
	wantRefused(t, err, "not encrypted")
	_, err = r.Open(Query{Timestamp: q.Timestamp, Nonce: q.Nonce, Signature: q.Signature}, envelope(encrypt), testAppID, testNow)
	wantRefused(t, err, "not encrypted")
	_, err = r.Open(Query{Timestamp: q.Timestamp, Nonce: q.Nonce, MsgSignature: q.Signature}, envelope(encrypt), testAppID, testNow)
	wantRefused(t, err, "msg_signature")
	_, err = r.Open(Query{Timestamp: q.Timestamp, Nonce: "1", MsgSignature: q.MsgSignature}, envelope(encrypt), testAppID, testNow)
	wantRefused(t, err, "msg_signature")
	_, other := sealed(t, strings.Replace(testEvent, "oAnna", "oThief", 1), testAppID, testNow)
	_, err = r.Open(q, envelope(other), testAppID, testNow)
	wantRefused(t, err, "msg_signature")
}

// TestTruncated cuts a message at every byte, and what it encrypts. What is encrypted counts as soon as it is there.
func TestTruncated(t *testing.T) {
	r := newReceiver(t, testKey)
	q, encrypt := sealed(t, testEvent, testAppID, testNow)
	body := envelope(encrypt)
	whole := len(body) - len("</xml>")
	for i := range body {
		if _, err := r.Open(q, body[:i], testAppID, testNow); (err == nil) != (i >= whole) {
			t.Errorf("%d bytes: error %v", i, err)
		}
	}
	c := r.cipher
	for i := range encrypt {
		if msg, whose, err := c.Decrypt(encrypt[:i]); err == nil && whose == testAppID {
			t.Errorf("%d characters are decrypted to %s", i, msg)
		}
	}
	q.MsgSignature = Sign(testToken, q.Timestamp, q.Nonce, encrypt[:64])
	_, err := r.Open(q, envelope(encrypt[:64]), testAppID, testNow)
	wantMalformed(t, err, "encoding_aes_key")
}

// TestUnreadable takes what no parser would, and believes nothing of it.
func TestUnreadable(t *testing.T) {
	deep := strings.Repeat("<a>", 1000)
	bomb := `<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	for _, body := range []string{
		"", " ", "hello", "[]", `"x"`, "1", "null", "\xff\xfe", "<xml><MsgType>\xff</MsgType></xml>",
		"<xml>", "</xml>", "<xml></xml><xml></xml>", "<xml></xml>x", "<a></a>", `<xml xmlns="x"></xml>`, "<xml><a></b></xml>", "<xml><a b></a></xml>",
		bomb + "<xml><MsgType>&b;</MsgType></xml>",
		`<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><MsgType>&a;</MsgType></xml>`,
		`<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml></xml>`,
		"<xml><MsgType>&a;</MsgType></xml>", "<xml><MsgType>event</MsgType><!ELEMENT a><Event>x</Event></xml>",
		"<xml><?php x ?><MsgType>event</MsgType></xml>", `<xml><?xml version="1.0"?></xml>`,
		"<xml>" + deep + strings.ReplaceAll(deep, "<", "</") + "</xml>", "<xml>" + deep,
		"<xml><MsgType>a</MsgType><MsgType>b</MsgType></xml>", `{"MsgType":"event","CardId":"a","CardId":"b"}`,
		"{", `{"a":1`, `{"a":1}}`, `{"a":1} x`, `{"a":}`, strings.Repeat(`{"a":`, 20_000), `{"a":` + strings.Repeat("[", 20_000),
	} {
		r := newReceiver(t, "")
		m, err := r.Open(plainQuery(testNow, "1"), []byte(body), testAppID, testNow)
		if err != nil || string(m.Plain) != body || m.OpenID+m.Event+m.CardID+m.UnionID+m.OuterStr != "" {
			t.Errorf("%.60q: got %+v, error %v", body, m, err)
		}
	}
}

func TestWithUserInfo(t *testing.T) {
	const info = `{"common_field_list":[{"name":"USER_FORM_INFO_FLAG_NAME","value":"王]]>"}],"custom_field_list":[]}`
	for _, tc := range []struct{ body, want string }{
		{"<xml>\n<CardId>p1</CardId>\n</xml>\n", "<xml>\n<CardId>p1</CardId>\n<UserInfo><![CDATA[" + strings.Replace(info, "]]>", "]]]]><![CDATA[>", 1) + "]]></UserInfo></xml>\n"},
		{"\ufeff<xml></xml>", "\ufeff<xml><UserInfo><![CDATA[" + strings.Replace(info, "]]>", "]]]]><![CDATA[>", 1) + "]]></UserInfo></xml>"},
		{"<xml/>", "<xml/>"},
		{"<xml><UserInfo/></xml>", "<xml><UserInfo/></xml>"},
		{`{"CardId":"p1" }` + "\n", `{"CardId":"p1","user_info":` + info + "}\n"},
		{`{ }`, `{"user_info":` + info + "}"},
		{`{"user_info":{}}`, `{"user_info":{}}`},
	} {
		r := newReceiver(t, "")
		m, err := r.Open(plainQuery(testNow, "1"), []byte(tc.body), testAppID, testNow)
		if err != nil {
			t.Fatal(err)
		}
		got := string(m.WithUserInfo([]byte(info)))
		if got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
		d := read([]byte(got))
		if !d.whole {
			t.Errorf("%s is not whole", got)
		}
		if d.format == XML && got != tc.body && d.fields["UserInfo"] != info {
			t.Errorf("%s reads as %s", got, d.fields["UserInfo"])
		}
	}
}

// FuzzOpen reads arbitrary bodies, as they come and decrypted.
func FuzzOpen(f *testing.F) {
	_, encrypt := sealed(f, testEvent, testAppID, testNow)
	for _, body := range []string{testEvent, string(envelope(encrypt)), `{"Encrypt":"` + encrypt + `"}`, `{"CardId":"p1","IsGiveByFriend":1}`, "\ufeff {\"Encrypt\" : 1.5 }\n", "<xml/>"} {
		f.Add([]byte(body), encrypt)
	}
	plain, safe := newReceiver(f, ""), newReceiver(f, testKey)
	f.Fuzz(func(t *testing.T, body []byte, encrypt string) {
		plain.pairs = NewPairs()
		m, err := plain.Open(plainQuery(testNow, "1"), body, testAppID, testNow)
		checkOpened(t, m, err)
		if err == nil {
			if d := read(m.WithUserInfo([]byte(`{"common_field_list":[]}`))); d.format != m.Format {
				t.Errorf("with more in it, it is %s", d.format)
			}
			d := read(body)
			if encrypt, ok := d.fields[fieldEncrypt]; ok && d.format == JSON {
				if text, _ := scalar(jsonscan.MarkControls(body[d.encrypt.from:d.encrypt.to])); strings.Trim(text, blanks) != encrypt {
					t.Errorf("%q is not where Encrypt is", body[d.encrypt.from:d.encrypt.to])
				}
			}
		}

		q := plainQuery(testNow, "1")
		q.MsgSignature = Sign(testToken, q.Timestamp, q.Nonce, encrypt)
		m, err = safe.Open(q, envelope(encrypt), testAppID, testNow)
		checkOpened(t, m, err)
		q, encrypt = sealed(t, string(body), testAppID, testNow)
		m, err = safe.Open(q, envelope(encrypt), testAppID, testNow)
		checkOpened(t, m, err)
		if err == nil && string(m.Plain) != string(body) {
			t.Errorf("got %q", m.Plain)
		}
	})
}

func checkOpened(t *testing.T, m *Message, err error) {
	t.Helper()
	_, refused := errors.AsType[*Refused](err)
	_, malformed := errors.AsType[*Malformed](err)
	if (err == nil) != (m != nil) || err != nil && refused == malformed {
		t.Errorf("got %v, error %v", m, err)
	}
}
