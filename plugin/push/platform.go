package push

import (
	"strconv"
	"strings"
	"time"
)

// PlatformEvent is what WeChat pushes to a third-party platform (第三方平台) about itself: a verify ticket, an authorisation, and
// whatever else has an InfoType.
type PlatformEvent struct {
	InfoType string    // component_verify_ticket, authorized …
	Created  time.Time // CreateTime; zero: it says none
	Ticket   string    // ComponentVerifyTicket
	AppID    string    // AuthorizerAppid: the account that it is about
	Code     string    // AuthorizationCode
}

// The names of what a platform's events hold. fastAppID and the like are those of notify_third_fasteregister, a mini program that was
// registered through the platform.
const (
	fieldToUser   = "ToUserName"
	fieldInfoType = "InfoType"
	fieldAppID    = "AppId"
	fieldCreated  = "CreateTime"
	fieldTicket   = "ComponentVerifyTicket"
	fieldAccount  = "AuthorizerAppid"
	fieldCode     = "AuthorizationCode"

	fastRegistered = "notify_third_fasteregister"
	fastAppID      = "appid"
	fastCode       = "auth_code"
	fastStatus     = "status"
)

var (
	ofPlatform = map[string]bool{
		fieldInfoType: true, fieldAppID: true, fieldCreated: true, fieldTicket: true, fieldAccount: true, fieldCode: true,
		fastAppID: true, fastCode: true, fastStatus: true,
		fieldMsgType: true, fieldToUser: true, fieldFromUser: true,
	}
	ofText = map[string]bool{fieldToUser: true, fieldFromUser: true, fieldMsgType: true, "Content": true}
)

// Platform reads the message as an event of the third-party platform itself; false: it is a message of an account. Users write the
// messages of accounts, which come with the same keys: what has an element of those, or is not whole, is no event.
func (m *Message) Platform() (e PlatformEvent, ok bool) {
	d := readFields(m.Plain, ofPlatform)
	if !d.whole || d.fields[fieldInfoType] == "" || d.fields[fieldAppID] != m.receiver || m.receiver == "" ||
		d.count[fieldMsgType]+d.count[fieldToUser]+d.count[fieldFromUser] > 0 {
		return e, false
	}
	e = PlatformEvent{
		InfoType: d.fields[fieldInfoType], Ticket: d.fields[fieldTicket], AppID: d.fields[fieldAccount], Code: d.fields[fieldCode],
	}
	if e.InfoType == fastRegistered && d.fields[fastStatus] == "0" {
		e.AppID, e.Code = d.fields[fastAppID], d.fields[fastCode]
	}
	if seconds, err := strconv.ParseInt(d.fields[fieldCreated], 10, 64); err == nil && 0 < seconds && seconds < maxSeconds {
		e.Created = time.Unix(seconds, 0)
	}
	return e, true
}

// Text gives whom a message is to, as its ToUserName has it, and what a user has written if it is a text. Each is "" where it cannot
// be read without doubt.
func (m *Message) Text() (to, content string) {
	d := readFields(m.Plain, ofText)
	if d.fields[fieldMsgType] == "text" {
		content = d.fields["Content"]
	}
	return d.fields[fieldToUser], content
}

// ReplyText writes the reply of an account to a message (被动回复): a text for the user who sent it. now is the time by WeChat's clock.
func (m *Message) ReplyText(text string, now time.Time) []byte {
	to, _ := m.Text()
	cdata := func(s string) string { return "<![CDATA[" + strings.ReplaceAll(s, "]]>", "]]]]><![CDATA[>") + "]]>" }
	return []byte("<xml><ToUserName>" + cdata(m.OpenID) + "</ToUserName><FromUserName>" + cdata(to) + "</FromUserName><CreateTime>" +
		strconv.FormatInt(now.Unix(), 10) + "</CreateTime><MsgType>" + cdata("text") + "</MsgType><Content>" + cdata(text) + "</Content></xml>")
}
