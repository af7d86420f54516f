package push

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Event is a card event, as WeChat pushes it: what stands in it beside ToUserName, FromUserName, CreateTime, MsgType and Event.
type Event struct {
	Name   string
	Fields []EventField
}

// EventField is a field of an event with a value that is good for trying it.
type EventField struct {
	Name, Value string
	Number      bool // it is written without quotes, or without CDATA
}

// The fields that most events have.
var (
	cardID   = EventField{Name: "CardId"}
	cardCode = EventField{Name: "UserCardCode"}
	outerStr = EventField{Name: "OuterStr"}
)

func text(name, value string) EventField   { return EventField{name, value, false} }
func number(name, value string) EventField { return EventField{name, value, true} }

// Events are WeChat's card events with their fields, from the samples of those who have received them. Fields without a value
// here are for whoever sends the event.
var Events = []Event{
	{"card_pass_check", []EventField{cardID}},
	{"card_not_pass_check", []EventField{cardID, text("RefuseReason", "非法代制")}},
	{"user_get_card", []EventField{
		cardID, number("IsGiveByFriend", "0"), cardCode, text("FriendUserName", ""), number("OuterId", "0"), text("OldUserCardCode", ""),
		outerStr, number("IsRestoreMemberCard", "0"), number("IsRecommendByFriend", "0"), text("UnionId", ""),
	}},
	{"user_gifting_card", []EventField{
		cardID, cardCode, number("IsReturnBack", "0"), text("FriendUserName", ""), number("IsChatRoom", "0"),
	}},
	{"user_del_card", []EventField{cardID, cardCode}},
	{"user_consume_card", []EventField{
		cardID, cardCode, text("ConsumeSource", "FROM_API"), text("LocationName", ""), text("StaffOpenId", ""), text("VerifyCode", ""),
		text("RemarkAmount", ""), outerStr,
	}},
	{"user_pay_from_pay_cell", []EventField{
		cardID, cardCode, text("TransId", "10022403432015000000000"), number("LocationId", "0"), text("Fee", "10000"), text("OriginalFee", "10000"),
	}},
	{"user_view_card", []EventField{cardID, cardCode, outerStr}},
	{"user_enter_session_from_card", []EventField{cardID, cardCode}},
	{"update_member_card", []EventField{cardID, cardCode, number("ModifyBonus", "10"), number("ModifyBalance", "0")}},
	{EventSubmitMembercardUserInfo, []EventField{cardID, cardCode}},
	{"card_sku_remind", []EventField{cardID, text("Detail", "the card's quantity is equal to 0")}},
	{"card_pay_order", []EventField{
		text("OrderId", "404091456"), text("Status", "ORDER_STATUS_FINANCE_SUCC"), number("CreateOrderTime", "1472648000"),
		number("PayFinishTime", "1472648000"), text("Desc", ""), text("FreeCoinCount", "200"), text("PayCoinCount", "0"),
		text("RefundFreeCoinCount", "0"), text("RefundPayCoinCount", "0"), text("OrderType", "ORDER_TYPE_SYS_ADD"),
		text("Memo", ""), text("ReceiptInfo", ""),
	}},
	{"giftcard_pay_done", []EventField{text("PageId", "abcedfghifk=+Uasdaseq14fadkf8123h4jk"), text("OrderId", "Z2y2rY74ksZX1ceuGA")}},
	{"giftcard_user_accept", []EventField{
		text("PageId", "abcedfghifk=+Uasdaseq14fadkf8123h4jk"), text("OrderId", "Z2y2rY74ksZX1ceuGA"), text("IsChatRoom", "false"),
	}},
	{"giftcard_send_to_friend", []EventField{
		text("PageId", "abcedfghifk=+Uasdaseq14fadkf8123h4jk"), text("OrderId", "Z2y2rY74ksZX1ceuGA"), text("IsChatRoom", "false"),
		text("IsReturnBack", "false"),
	}},
	{"card_merchant_check_result", []EventField{number("MerchantId", "200010"), number("IsPass", "1"), text("Reason", "")}},
}

// FindEvent gives the event of a name.
func FindEvent(name string) (Event, bool) {
	i := slices.IndexFunc(Events, func(e Event) bool { return e.Name == name })
	if i < 0 {
		return Event{}, false
	}
	return Event{Name: name, Fields: slices.Clone(Events[i].Fields)}, true
}

// Set gives a field another value, or adds it as a text.
func (e *Event) Set(name, value string) {
	i := slices.IndexFunc(e.Fields, func(f EventField) bool { return f.Name == name })
	if i < 0 {
		e.Fields = append(e.Fields, text(name, value))
		return
	}
	e.Fields[i].Value = value
}

// SetDefault gives a field a value that the event has and that has none yet.
func (e *Event) SetDefault(name, value string) {
	for i := range e.Fields {
		if e.Fields[i].Name == name && e.Fields[i].Value == "" {
			e.Fields[i].Value = value
		}
	}
}

// Message writes the event in a format, to the account with the original id to, from the user with the openid from, at a time in
// seconds since 1970.
func (e *Event) Message(format Format, to, from string, at int64) []byte {
	fields := append([]EventField{
		text("ToUserName", to), text("FromUserName", from), number("CreateTime", fmt.Sprint(at)), text("MsgType", "event"), text("Event", e.Name),
	}, e.Fields...)
	var b strings.Builder
	for i, f := range fields {
		isNumber := f.Number && isDigits(f.Value)
		switch {
		case format == JSON:
			value := f.Value
			if !isNumber {
				raw, _ := json.Marshal(f.Value) // a string
				value = string(raw)
			}
			name, _ := json.Marshal(f.Name)
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(string(name) + ":" + value)
		case isNumber:
			b.WriteString("<" + f.Name + ">" + f.Value + "</" + f.Name + ">\n")
		default:
			b.WriteString("<" + f.Name + "><![CDATA[" + strings.ReplaceAll(f.Value, "]]>", "]]]]><![CDATA[>") + "]]></" + f.Name + ">\n")
		}
	}
	if format == JSON {
		return []byte("{" + b.String() + "}")
	}
	return []byte("<xml>" + b.String() + "</xml>")
}

// isDigits tells whether a value can be written as a number in either format.
func isDigits(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == "" && (s == "0" || s[0] != '0')
}
