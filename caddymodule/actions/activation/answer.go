package activation

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/activation"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// activationFields are what an answer may hold for WeChat besides membership_number.
var activationFields = []string{
	"init_bonus", "init_bonus_record", "init_balance",
	"init_custom_field_value1", "init_custom_field_value2", "init_custom_field_value3",
	"background_pic_url", "activate_begin_time", "activate_end_time",
}

// activationOf reads what a backend answered. It is not ok when that says nothing of an activation.
func activationOf(body []byte) (m activation.Activation, ok bool, err error) {
	object := bytes.TrimSpace(body)
	if !utf8.Valid(object) || !json.Valid(object) || object[0] != '{' {
		return m, false, nil
	}
	values := maps.Collect(jsonscan.Members(object)) // of several with one name the last, as JSON.parse has it
	const name = "membership_number"
	number := values[name]
	if isNothing(number) {
		return m, false, nil
	}
	m.MembershipNumber = string(number) // PHP may take it for a number
	if !field.IsDigits(m.MembershipNumber) {
		var fault language.Phrase
		if m.MembershipNumber, fault = jsonscan.DecodeString(number); fault == "" {
			fault = field.FaultOf(m.MembershipNumber)
		}
		if fault != "" {
			return m, false, unusableAnswer(name, fault)
		}
	}
	for _, name := range activationFields {
		raw := values[name]
		if isNothing(raw) {
			continue
		}
		if raw[0] == '"' {
			s, fault := jsonscan.DecodeString(raw)
			if fault == "" && needsEscape(s) {
				fault = field.FaultControl
			}
			if fault != "" {
				return m, false, unusableAnswer(name, fault)
			}
			raw = card.AppendString(nil, s) // PHP likes to write \u escapes, which WeChat refuses
		} else if raw[0] != '-' && !field.IsDigit(raw[0]) {
			return m, false, unusableAnswer(name, field.FaultNoScalar)
		}
		m.More = append(m.More, activation.Field{Name: name, Value: raw})
	}
	return m, true, nil
}

// isNothing tells what backends write for no value.
func isNothing(raw []byte) bool {
	return raw == nil || string(raw) == "null" || string(raw) == `""`
}

// needsEscape tells whether JSON cannot have s without a \u escape.
func needsEscape(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\b\f\n\r\t", r) })
}

// unusableAnswer is for a backend whose answer WeChat would not take.
func unusableAnswer(name string, fault language.Phrase) *problem.Problem {
	return problem.Newf(http.StatusBadGateway, problem.ReasonBackendFailed, "the card cannot be activated: in the backend's answer, %s %s", name, fault)
}
