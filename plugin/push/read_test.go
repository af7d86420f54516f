package push

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// Texts that users have sent, and WeChat has pushed as they were, as the trackers of other projects tell.
var realTexts = map[string]string{
	"U+0002 (silenceper/wechat 750)":       "a\x02b",
	"U+0010 (easywechat 1419)":             "a\x10",
	"U+001D (WeRoBot 420)":                 " \x1dc",
	"U+0014 (weixin_authorize 52)":         "\x14琦娅🍭",
	"U+0000 to U+001F (WeRoBot 809)":       "\x00\x01\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x11\x12\x13\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1e\x1f",
	"DEL and C1":                           "\x7f\u0080\u0085\u009f",
	"U+FFFE, U+FFFF":                       "\ufffe\uffff",
	"emoji of several characters":          "👨‍👩‍👧‍👦🇨🇳❤️",
	"cut UTF-8 (easywechat 989)":           "往后余生，风雪是你，平淡是你，清\xe8",
	"surrogates as UTF-8":                  "\xed\xa0\xbd\xed\xb8\x86",
	"GBK":                                  "\xcd\xf5\xbe\xfc",
	"another's CDATA (silenceper 750)":     "<status><![CDATA[1]]></status>",
	"an end of CDATA":                      "a]]>b",
	"two ends of CDATA":                    "]]>]]>",
	"an end, and tags (WxJava)":            "x]]></Content><Content><![CDATA[y",
	"markup":                               "a<b>c</d>&nbsp;&",
	"a document type":                      `<!DOCTYPE x [<!ENTITY a "b">]>`,
	"a comment that does not end":          "]]><!--",
	"an instruction":                       "]]><?php echo 1;?>",
	"an end of everything":                 "]]></Content></xml><xml>",
	"an Encrypt":                           "]]></Content><Encrypt>AAAA</Encrypt>",
	"a line break, blanks and a full stop": "\r\n \t。",
}

// textMessage is a text as WeChat writes it, in either format.
func textMessage(format Format, text string) string {
	if format == JSON { // quotes and backslashes are escaped, other bytes come as they are
		text = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
		return `{"ToUserName":"gh_1","FromUserName":"oAnna","CreateTime":1646222724,"MsgType":"text","Content":"` + text + `","MsgId":23568243490745350}`
	}
	return "<xml> <ToUserName><![CDATA[gh_1]]></ToUserName>\n <FromUserName><![CDATA[oAnna]]></FromUserName>\n <CreateTime>1551481349</CreateTime>\n" +
		" <MsgType><![CDATA[text]]></MsgType>\n <Content><![CDATA[" + text + "]]></Content>\n <MsgId>22211872600753510</MsgId>\n </xml>"
}

// TestRealTexts delivers what users send, byte for byte, in plain, compatible and safe mode, and knows who has sent it.
func TestRealTexts(t *testing.T) {
	plain, safe := newReceiver(t, ""), newReceiver(t, testKey)
	n := 0
	next := func() Query { n++; return plainQuery(testNow, fmt.Sprint(n)) }
	for name, text := range realTexts {
		for _, format := range []Format{XML, JSON} {
			for _, mark := range []string{"", "\ufeff"} {
				msg := mark + textMessage(format, text)
				check := func(mode string, m *Message, err error, want string) {
					t.Helper()
					if err != nil {
						t.Errorf("%s, %s, %s: %v", name, format, mode, err)
						return
					}
					if string(m.Plain) != want || m.OpenID != "oAnna" || m.MsgType != "text" || m.Format != format || m.Event+m.CardID+m.UnionID+m.OuterStr != "" {
						t.Errorf("%s, %s, %s: got %+v of\n%q", name, format, mode, m, want)
					}
				}
				m, err := plain.Open(next(), []byte(msg), testAppID, testNow)
				check("plain", m, err, msg)

				q, encrypt := sealed(t, msg, testAppID, testNow)
				m, err = safe.Open(q, envelope(encrypt), testAppID, testNow)
				check("safe", m, err, msg)
				if err == nil && m.Name != sha256.Sum256([]byte(msg)) {
					t.Errorf("%s: the name is not that of the text", name)
				}
				both := compatible(msg, encrypt)
				m, err = safe.Open(q, []byte(both), testAppID, testNow)
				check("compatible", m, err, msg)
				m, err = plain.Open(next(), []byte(both), testAppID, testNow)
				check("compatible, without the key", m, err, both)
				_, encrypt = sealed(t, msg+" ", testAppID, testNow)
				again, err := plain.Open(next(), []byte(compatible(msg, encrypt)), testAppID, testNow)
				if err != nil || m.Name != again.Name {
					t.Errorf("%s, %s: the encrypted part, another one each time, makes another message of it", name, format)
				}
			}
		}
	}
}

// compatible adds the encrypted part as compatible mode (兼容模式) does.
func compatible(msg, encrypt string) string {
	if at := strings.LastIndex(msg, "}"); strings.HasSuffix(msg, "}") {
		return msg[:at] + `,"Encrypt":"` + strings.ReplaceAll(encrypt, "/", `\/`) + `"}`
	}
	at := strings.LastIndex(msg, "</xml>")
	return msg[:at] + "<Encrypt><![CDATA[" + encrypt + "]]></Encrypt>" + msg[at:]
}

// TestEncodings delivers what is in other encodings, and reads what is ASCII in those that have it.
func TestEncodings(t *testing.T) {
	event := func(declared, outer string) string {
		return `<?xml version="1.0"` + declared + `?><xml><FromUserName>oAnna</FromUserName><MsgType>event</MsgType><Event>user_get_card</Event><CardId>p1</CardId><OuterStr>` +
			outer + "</OuterStr></xml>"
	}
	for i, tc := range []struct{ body, event, card, outer string }{
		{event(``, "王"), "user_get_card", "p1", "王"},
		{event(` encoding="UTF-8"`, "王"), "user_get_card", "p1", "王"},
		{event(` encoding='utf-8' standalone="yes"`, "王"), "user_get_card", "p1", "王"},
		{event(` encoding="GBK"`, "shop"), "user_get_card", "p1", "shop"},
		{event(` encoding = "gb2312"`, "\xcd\xf5"), "user_get_card", "p1", ""},
		{event(` encoding="GB18030"`, "王"), "user_get_card", "p1", ""}, // which is another text in it
		{event(``, "\xcd\xf5"), "user_get_card", "p1", ""},
		{event(` encoding="UTF-16"`, "shop"), "", "", ""},
		{event(` encoding="ISO-2022-CN"`, "shop"), "", "", ""},
		{"\xff\xfe<\x00x\x00m\x00l\x00>\x00", "", "", ""},
		{"\xfe\xff\x00<\x00x\x00m\x00l\x00>", "", "", ""},
	} {
		m, err := newReceiver(t, "").Open(plainQuery(testNow, fmt.Sprint(i)), []byte(tc.body), testAppID, testNow)
		if err != nil || string(m.Plain) != tc.body || m.Event != tc.event || m.CardID != tc.card || m.OuterStr != tc.outer {
			t.Errorf("%q: got %+v, error %v", tc.body, m, err)
		}
		if err == nil && !utf8.ValidString(m.Event+m.CardID+m.OuterStr+m.OpenID) {
			t.Errorf("%q: a field is no UTF-8", tc.body)
		}
		if info := string(m.WithUserInfo([]byte(`{"王":1}`))); strings.Contains(strings.ToLower(tc.body), `encoding="gb`) && info != tc.body {
			t.Errorf("UTF-8 was put into %q", tc.body)
		}
	}
}

// TestRepeated reads events of WeChat's in which elements occur more than once.
func TestRepeated(t *testing.T) {
	head := "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oAnna]]></FromUserName><CreateTime>1502012364</CreateTime><MsgType><![CDATA[event]]></MsgType>"
	asJSON := `{"ToUserName":"gh_1","FromUserName":"oAnna","CreateTime":"1610968440","MsgType":"event","Event":"subscribe_msg_change_event",`
	for name, tc := range map[string]struct{ body, event string }{
		"two PicLists (WxJava 305)": {head + "<Event><![CDATA[pic_weixin]]></Event><EventKey><![CDATA[k]]></EventKey><SendPicsInfo><PicList><item><PicMd5Sum><![CDATA[a]]></PicMd5Sum></item></PicList>" +
			"<PicList><item><PicMd5Sum><![CDATA[b]]></PicMd5Sum></item></PicList><Count>2</Count></SendPicsInfo></xml>", "pic_weixin"},
		"two items (WxJava 2554)": {head + "<Event><![CDATA[PUBLISHJOBFINISH]]></Event><PublishEventInfo><article_id><![CDATA[b\nc]]></article_id><article_detail><count>1</count>" +
			"<item><idx>1</idx></item><item><idx>2</idx></item></article_detail></PublishEventInfo></xml>", "PUBLISHJOBFINISH"},
		"two MsgIDs":                   {head + "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>1</MsgID><MsgID>1</MsgID><Status>success</Status></xml>", "TEMPLATESENDJOBFINISH"},
		"an object List (WxJava 2477)": {asJSON + `"List":{"TemplateId":"t","SubscribeStatusString":"reject"}}`, "subscribe_msg_change_event"},
		"an array List (WxJava 2477)":  {asJSON + `"List":[{"TemplateId":"t"},{"TemplateId":"u"}]}`, "subscribe_msg_change_event"},
		"two Lists":                    {asJSON + `"List":{},"List":{}}`, "subscribe_msg_change_event"},
		"an empty element":             {head + "<Event>subscribe</Event><EventKey></EventKey><Ticket/></xml>", "subscribe"},
	} {
		m, err := newReceiver(t, "").Open(plainQuery(testNow, "1"), []byte(tc.body), testAppID, testNow)
		if err != nil || string(m.Plain) != tc.body || m.Event != tc.event || m.OpenID != "oAnna" {
			t.Errorf("%s: got %+v, error %v", name, m, err)
		}
	}
}

// TestForged has users write what looks like fields.
func TestForged(t *testing.T) {
	event := func(outer string, more ...string) string {
		return "<xml><FromUserName><![CDATA[oAnna]]></FromUserName><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[user_get_card]]></Event>" +
			"<CardId><![CDATA[pReal]]></CardId><OuterStr><![CDATA[" + outer + "]]></OuterStr>" + strings.Join(more, "") + "</xml>"
	}
	const evil = "<UnionId><![CDATA[uEvil]]></UnionId><CardId><![CDATA[pEvil]]></CardId><Event><![CDATA[evil]]></Event><MsgType><![CDATA[event]]></MsgType><FromUserName><![CDATA[oEvil]]></FromUserName>"
	for name, body := range map[string]string{
		"text":                        textMessage(XML, "]]></Content>"+evil+"<Content><![CDATA["),
		"text of an event":            textMessage(XML, "]]></Content><Event>user_get_card</Event><CardId>pEvil</CardId><UnionId>uEvil</UnionId><OuterStr>evil</OuterStr><Content><![CDATA["),
		"outer_str":                   event("]]></OuterStr>" + evil + "<OuterStr><![CDATA["),
		"outer_str, the rest broken":  event("]]></OuterStr>" + evil + "<"),
		"outer_str, the rest away":    event("]]></OuterStr>" + evil + "</xml><!--"),
		"outer_str, a comment":        event("]]></OuterStr><UnionId>uEvil</UnionId><!--", "<Title><![CDATA[--><OuterStr><![CDATA[]]></Title>"),
		"outer_str and another field": event("]]></OuterStr><UnionId>uEvil</UnionId><Title><![CDATA[", "<Title><![CDATA[x]]></Title>"),
		"nested":                      event("]]></OuterStr><a><UnionId>uEvil</UnionId></a><OuterStr><![CDATA["),
		"two fields, one nested":      event("]]></OuterStr><a><OuterStr><![CDATA[", "<Title><![CDATA[x]]></Title></a><UnionId>uEvil</UnionId><Title><![CDATA[]]></Title>"),
		"two fields, the other way":   event("]]></OuterStr><UnionId>uEvil</UnionId><a><OuterStr><![CDATA[", "<Title></Title></a>"),
		"attributes":                  event(`]]></OuterStr><UnionId a="b">uEvil</UnionId><OuterStr><![CDATA[`),
		"a control character beside":  event("\x02]]></OuterStr>" + evil + "<OuterStr><![CDATA["),
		"JSON text":                   `{"FromUserName":"oAnna","MsgType":"text","Event":"evil","CardId":"pEvil","UnionId":"uEvil","OuterStr":"evil"}`,
		"JSON twice":                  `{"FromUserName":"oAnna","MsgType":"event","Event":"user_get_card","CardId":"pReal","CardId":"pEvil","UnionId":"uEvil","UnionId":"uEvil","OuterStr":"a","OuterStr":"evil"}`,
		"JSON twice, escaped":         `{"FromUserName":"oAnna","MsgType":"event","Event":"user_get_card","CardId":"pReal","C\u0061rdId":"pEvil","UnionId":"u1","Union\u0049d":"uEvil"}`,
		"JSON without an end":         `{"FromUserName":"oAnna","MsgType":"event","Event":"evil","UnionId":"uEvil","CardId":"pEvil`,
	} {
		m, err := newReceiver(t, "").Open(plainQuery(testNow, "1"), []byte(body), testAppID, testNow)
		if err != nil || string(m.Plain) != body {
			t.Errorf("%s: got %+v, error %v", name, m, err)
			continue
		}
		for _, value := range []string{m.OpenID, m.UnionID, m.CardID, m.OuterStr, m.Event} {
			if strings.Contains(strings.ToLower(value), "evil") {
				t.Errorf("%s: got %+v", name, m)
			}
		}
		if m.OpenID != "" && m.OpenID != "oAnna" || m.CardID != "" && m.CardID != "pReal" {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}

// TestEncryptIsFound finds the encrypted part among others, which its signature tells apart.
func TestEncryptIsFound(t *testing.T) {
	r := newReceiver(t, testKey)
	q, encrypt := sealed(t, testEvent, testAppID, testNow)
	_, other := sealed(t, testEvent+" ", testAppID, testNow)
	for _, body := range []string{
		"<xml><Encrypt><![CDATA[" + other + "]]></Encrypt><Encrypt><![CDATA[" + encrypt + "]]></Encrypt></xml>",
		"<xml><Encrypt>" + other + "</Encrypt><Content>\x01</x><Encrypt>\n" + encrypt + "\n</Encrypt></xml>",
		"<xml><Content><![CDATA[]]>]]></Content><Encrypt><![CDATA[" + encrypt + "]]></Encrypt>",
		"<!DOCTYPE xml><xml><Encrypt><![CDATA[ " + encrypt + " ]]></Encrypt></xml>",
		`<?xml version="1.0" encoding="GBK"?><xml><Content>` + "\xcd\xf5" + `</Content><Encrypt >` + encrypt + `</Encrypt ></xml>`,
		`{"Content":"` + "\x00\xff" + `","Encrypt":"` + other + `","Encrypt" : "` + encrypt + `"}`,
		`{"Content":"` + "\x8d\\" + `","Encrypt":"` + strings.ReplaceAll(encrypt, "/", `\/`) + `"}`,
		`{"Content":broken,"Encrypt":"` + strings.ReplaceAll(encrypt, "+", `\u002b`) + `"}`,
	} {
		m, err := r.Open(q, []byte(body), testAppID, testNow)
		if err != nil || string(m.Plain) != testEvent {
			t.Errorf("%.60q: got %+v, error %v", body, m, err)
		}
	}
	_, err := r.Open(q, []byte("<xml><Content>\x01</x><Encrypt>"+other+"</Encrypt></xml>"), testAppID, testNow)
	wantRefused(t, err, "msg_signature")
	_, err = r.Open(q, []byte("<xml><Content>\x01</x></xml>"), testAppID, testNow)
	wantMalformed(t, err, "XML")
	_, err = r.Open(q, []byte(`{"Content":"`), testAppID, testNow)
	wantMalformed(t, err, "JSON")
	_, err = r.Open(q, []byte("hello"), testAppID, testNow)
	wantMalformed(t, err, "neither")
}

// FuzzRead compares what is read of documents that are well-formed, and have no field twice, with the standard parsers.
func FuzzRead(f *testing.F) {
	f.Add([]byte(testEvent))
	for _, text := range realTexts {
		f.Add([]byte(textMessage(XML, text)))
		f.Add([]byte(textMessage(JSON, text)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := newReceiver(t, "").Open(plainQuery(testNow, "1"), body, testAppID, testNow)
		if err != nil {
			if _, encrypt := err.(*Malformed); !encrypt || !bytes.Contains(body, []byte(fieldEncrypt)) {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if !bytes.Equal(m.Plain, body) {
			t.Errorf("got %q of %q", m.Plain, body)
		}
		got := map[string]string{"FromUserName": m.OpenID, "UnionId": m.UnionID, "CardId": m.CardID, "OuterStr": m.OuterStr, "Event": m.Event}
		want := topFields(body)
		for name, value := range got {
			value = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value) // as the parser does
			if values, known := want[name]; value != "" && want != nil && (!known || len(values) != 1 || strings.Trim(values[0], blanks) != value) {
				t.Errorf("%s is %q, want %q in %q", name, value, values, body)
			}
		}
		if d := read(m.WithUserInfo([]byte(`{"a":1}`))); read(body).whole && m.insertAt > 0 && !d.whole {
			t.Errorf("with more in it, %q is not whole", body)
		}
	})
}

// topFields reads a document by the standard parsers; nil where they cannot.
func topFields(body []byte) map[string][]string {
	fields := make(map[string][]string)
	if formatOf(body) == JSON {
		var object map[string]any
		if json.Unmarshal(bytes.TrimPrefix(body, byteOrderMark), &object) != nil {
			return nil
		}
		for name, value := range object {
			if text, ok := value.(string); ok {
				fields[name] = []string{text}
			} else {
				return nil
			}
		}
		return fields
	}
	var root struct {
		Fields []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, byteOrderMark)))
	if dec.Decode(&root) != nil {
		return nil
	}
	for _, field := range root.Fields {
		name := field.XMLName.Space + field.XMLName.Local
		fields[name] = append(fields[name], field.Text)
	}
	return fields
}

func TestAnswerOf(t *testing.T) {
	for _, tc := range []struct {
		body      string
		xml, json Answer
	}{
		{"", Success, Success},
		{" \r\n", Success, Success},
		{"\ufeff", Success, Success},
		{"success", Success, Success},
		{"SUCCESS\n", Success, Success},
		{"\ufeffSuccess", Success, Success},
		{" \ufeff success ", Success, Success},
		{"\ufeff\ufeffsuccess", Success, Success}, // of each PHP file that was included
		{"\ufeff\r\n\ufeff\"success\"\ufeff\n", Success, Success},
		{"\"\ufeffsuccess\"", Success, Success},
		{`"success"`, Success, Success},
		{`'success'`, Success, Success},
		{"\ufeff \"Success\"\n", Success, Success},
		{`""success""`, Nonsense, Nonsense},
		{`"success`, Nonsense, Nonsense},
		{`success'`, Nonsense, Nonsense},
		{`""`, Nonsense, Nonsense},
		{"ok", Nonsense, Nonsense},
		{"success!", Nonsense, Nonsense},
		{"successful", Nonsense, Nonsense},
		{`{"code":0}`, Nonsense, Nonsense},
		{`{"code":0,"data":{"MsgType":"text"}}`, Nonsense, Nonsense},
		{`{"errcode":0,"errmsg":"success"}`, Nonsense, Nonsense},
		{`[{"MsgType":"text"}]`, Nonsense, Nonsense},
		{`{"MsgType":"text"}`, Nonsense, Reply},
		{"\ufeff {\"ToUserName\":\"o1\", \"MsgType\" :\"transfer_customer_service\"}\n", Nonsense, Reply},
		{`{"Msg\u0054ype":"text"}`, Nonsense, Reply},
		{`{"msgtype":"text"}`, Nonsense, Nonsense},
		{`{"MsgType":"text"`, Nonsense, Nonsense},
		{`{"MsgType":"text"} x`, Nonsense, Nonsense},
		{"<xml></xml>", Reply, Nonsense},
		{"<xml>", Reply, Nonsense},
		{"<xml><MsgType>\x01]]>", Reply, Nonsense},
		{"\ufeff\r\n<xml>\n", Reply, Nonsense},
		{"\ufeff\ufeff<?xml version=\"1.0\"?><xml>", Reply, Nonsense},
		{"\ufeff\n\ufeff{\"MsgType\":\"text\"}\ufeff", Nonsense, Reply},
		{`<?xml version="1.0" encoding="UTF-8"?>` + "\n<!-- by x -->\n<xml >", Reply, Nonsense},
		{"<XML></XML>", Nonsense, Nonsense},
		{"<xmlx></xmlx>", Nonsense, Nonsense},
		{"<html><xml></xml></html>", Nonsense, Nonsense},
		{"<!DOCTYPE html><html>", Nonsense, Nonsense},
		{"<br />\n<b>Notice</b><xml></xml>", Nonsense, Nonsense},
		{"Warning: x <xml></xml>", Nonsense, Nonsense},
		{"<!-- <xml>", Nonsense, Nonsense},
		{"0", Nonsense, Nonsense},
		{"null", Nonsense, Nonsense},
		{"\x00", Nonsense, Nonsense},
	} {
		if got := AnswerOf(XML, []byte(tc.body)); got != tc.xml {
			t.Errorf("%q to XML: got %d, want %d", tc.body, got, tc.xml)
		}
		if got := AnswerOf(JSON, []byte(tc.body)); got != tc.json {
			t.Errorf("%q to JSON: got %d, want %d", tc.body, got, tc.json)
		}
	}
	for body, want := range map[string]bool{
		"": false, "success": false, "<xml>": false, "html": false, "ok <html>": false,
		"<!doctype html>": true, "<!DOCTYPE HTML PUBLIC": true, "\ufeff\n <HTML lang=zh>": true, "\ufeff\ufeff<html>": true, "<html": true,
		"<!-- cached --><!DocType html>": true, `<?xml version="1.0"?><!DOCTYPE html>`: true, "<htm": false, "<!-- <html>": false,
	} {
		if got := IsPage([]byte(body)); got != want {
			t.Errorf("%q: got %t", body, got)
		}
	}
}

// TestAgain pushes messages once more.
func TestAgain(t *testing.T) {
	for _, key := range []string{"", testKey} {
		for format, body := range map[Format]string{XML: textMessage(XML, "\x02]]>"), JSON: textMessage(JSON, "\x02\xff")} {
			r := newReceiver(t, key)
			values, again := r.Again([]byte(body), format, testAppID, testNow)
			q := Query{values.Get("signature"), values.Get("timestamp"), values.Get("nonce"), values.Get("msg_signature")}
			m, err := r.Open(q, again, testAppID, testNow)
			if err != nil || string(m.Plain) != body || m.Name != sha256.Sum256([]byte(body)) || m.Encrypted() != (key != "") || formatOf(again) != format {
				t.Errorf("got %+v, error %v", m, err)
			}
			if err := r.Handshake(q, testNow); err != nil {
				t.Error(err)
			}
			for name := range values {
				if !strings.Contains(strings.Join(QueryNames(), " "), name) {
					t.Errorf("%s belongs to one push", name)
				}
			}
		}
	}
}

// BenchmarkNoise looks through what strangers can send, without an encrypted part that is signed. It must not take much longer
// than reading a document of that length.
func BenchmarkNoise(b *testing.B) {
	r := newReceiver(b, testKey)
	q, _ := sealed(b, testEvent, testAppID, testNow)
	for name, unit := range map[string]string{
		"elements": "<a></a>", "tags": "<Encrypt>", "values": "<Encrypt>A", "pairs": "<Encrypt>" + strings.Repeat("A", minEncrypt) + "</Encrypt>",
		"blanks": " ", "JSON names": `"Encrypt":`, "JSON values": `"Encrypt":"` + strings.Repeat("A", minEncrypt) + `",`, "JSON escapes": `\"Encrypt\":\"`,
	} {
		for _, begin := range []string{"<xml>", "<Encrypt>", "{", `{"Encrypt":"`} {
			body := []byte(begin + strings.Repeat(unit, (MaxBody-20)/len(unit)))
			b.Run(name+" behind "+begin, func(b *testing.B) {
				for b.Loop() {
					if _, err := r.Open(q, body, testAppID, testNow); err == nil {
						b.Fatal("it was taken")
					}
				}
			})
		}
	}
}
