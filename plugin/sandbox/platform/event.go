package platform

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The kinds of event (InfoType).
const (
	TicketEvent     = "component_verify_ticket"
	AuthorizedEvent = "authorized"
	UpdatedEvent    = "updateauthorized"
	EndedEvent      = "unauthorized"
)

// Event is what WeChat tells a platform of an account.
type Event struct {
	Component *Component
	Kind      string
	AppID     string
	Text      []byte // the plain XML
}

// TicketText is the event that brings a ticket.
func TicketText(component, ticket string, now time.Time) []byte {
	return xml("AppId", component, "CreateTime", now, "InfoType", TicketEvent, "ComponentVerifyTicket", ticket)
}

// PlainText is an event that has nothing to say but its kind.
func PlainText(component, kind string, now time.Time) []byte {
	return xml("AppId", component, "CreateTime", now, "InfoType", kind)
}

// xml writes elements: strings as CDATA, times and numbers as numbers.
func xml(pairs ...any) []byte {
	var b strings.Builder
	b.WriteString("<xml>")
	for i := 0; i+1 < len(pairs); i += 2 {
		value := ""
		switch v := pairs[i+1].(type) {
		case string:
			value = CDATA(v)
		case time.Time:
			value = strconv.FormatInt(v.Unix(), 10)
		case int64:
			value = strconv.FormatInt(v, 10)
		}
		fmt.Fprintf(&b, "<%s>%s</%[1]s>", pairs[i], value)
	}
	b.WriteString("</xml>")
	return []byte(b.String())
}

// CDATA is a text as WeChat writes it into XML.
func CDATA(text string) string {
	return "<![CDATA[" + strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>") + "]]>"
}

// granted is the event of a new or changed authorisation.
func (c *Component) granted(kind string, a *Authorisation, code, preAuth string, now time.Time) *Event {
	ends := any(now.Add(c.CodeLife))
	if c.Relative {
		ends = int64(c.CodeLife / time.Second)
	}
	return &Event{c, kind, a.AppID, xml(
		"AppId", c.ID, "CreateTime", now, "InfoType", kind, "AuthorizerAppid", a.AppID, "AuthorizationCode", code, "AuthorizationCodeExpiredTime", ends, "PreAuthCode", preAuth,
	)}
}

func (c *Component) ended(appID string, now time.Time) *Event {
	return &Event{c, EndedEvent, appID, xml("AppId", c.ID, "CreateTime", now, "InfoType", EndedEvent, "AuthorizerAppid", appID)}
}

// MessageText is a text that a user writes to an account.
func MessageText(m *Merchant, openid, text string, id int64, now time.Time) []byte {
	return xml("ToUserName", m.UserName, "FromUserName", openid, "CreateTime", now, "MsgType", "text", "Content", text, "MsgId", id)
}

// EventText is an event of an account, which has no more to say than its name.
func EventText(m *Merchant, openid, event string, now time.Time) []byte {
	return xml("ToUserName", m.UserName, "FromUserName", openid, "CreateTime", now, "MsgType", "event", "Event", event)
}
