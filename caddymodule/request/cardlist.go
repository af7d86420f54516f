package request

import (
	"bytes"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// readCardList reads what wx.addCard or wx.chooseCard gave the client: an array, or a string that holds one.
func (q *Cards) readCardList(raw []byte, sh *Shape) error {
	if raw[0] == '"' {
		s, fault := jsonscan.DecodeString(raw)
		if fault != "" {
			return problem.Invalid("cardList %s", fault)
		}
		return q.readCardListString(s, sh)
	}
	if raw[0] != '[' {
		return problem.Invalid("%s is not an array", "cardList")
	}
	for element := range jsonscan.Elements(raw) {
		if element[0] != '{' {
			return problem.Invalid("%s: an element is not an object", "cardList")
		}
		if err := q.readResult(element, sh); err != nil {
			return err
		}
	}
	if len(q.Own) == 0 {
		return problem.Invalid("cardList holds no card that was added")
	}
	return nil
}

// readCardListString reads JSON inside a string, as wx.chooseCard gives it.
func (q *Cards) readCardListString(s string, sh *Shape) error {
	raw := bytes.TrimSpace([]byte(s))
	if len(raw) == 0 {
		return problem.Invalid("cardList is missing")
	}
	if fault := field.FaultOf(s); fault == field.FaultUTF8 {
		return problem.Invalid("cardList %s", fault)
	}
	if raw[0] == '"' || !json.Valid(raw) {
		return problem.Invalid("cardList is not valid JSON")
	}
	return q.readCardList(raw, sh)
}

// readResult reads one card of a cardList. Whatever else the client's API put there is ignored.
func (q *Cards) readResult(element []byte, sh *Shape) error {
	var own field.Texts
	var id string
	var idFault language.Phrase
	var seen seen
	var seenID, seenSuccess bool
	added := true
	for name, raw := range jsonscan.Members(element) {
		switch name {
		case "cardId", "card_id":
			id, idFault = jsonscan.DecodeString(raw)
			if seenID {
				return problem.Invalid("%s %s", name, field.FaultTwice)
			}
			seenID = true
		case "code", encryptCode:
			if raw[0] == 'n' { // null, for a card that was not added
				continue
			}
			s, fault := jsonscan.DecodeString(raw)
			seen.set(&own, field.Code, name, s, fault)
		case "isSuccess":
			if seenSuccess {
				return problem.Invalid("isSuccess %s", field.FaultTwice)
			}
			if raw[0] != 't' && raw[0] != 'f' {
				return problem.Invalid("isSuccess is neither true nor false")
			}
			added, seenSuccess = raw[0] == 't', true
		}
	}
	if !added || own[field.Code].Absent() {
		return nil
	}
	if idFault != "" {
		return problem.Invalid("cardId %s", idFault)
	}
	if id == "" {
		return problem.Invalid("cardId is missing")
	}
	return q.add(sh, id, &own)
}
