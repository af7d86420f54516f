package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// componentAppID is WeChat's member-card component.
const componentAppID = "wxeb490c6f9b154ef9"

// The component returns extraData for cards of the jump type (wx_activate_after_submit with an url) that are not active
// yet; the merchant then activates the card himself. Other cards it activates at once, and it returns nothing for them.

// componentRequest is what wx.navigateToMiniProgram takes; form is what the user shall type: names and texts, or lists.
type componentRequest struct {
	AppID     string          `json:"appId"`
	ExtraData json.RawMessage `json:"extraData"`
	Form      map[string]any  `json:"form"`
	// AfterRequest: the mini program made a request between the user's tap and this call, which WeChat then refuses.
	AfterRequest bool `json:"afterRequest"`
}

// returned is what the mini program finds in its referrerInfo.extraData.
type returned struct {
	ActivateTicket string `json:"activate_ticket"`
	CardID         string `json:"card_id"`
	Code           string `json:"code"`
	ErrCode        int    `json:"errCode"`
	AfterSubmitURL string `json:"wx_activate_after_submit_url"`
}

type referrerInfo struct {
	AppID     string    `json:"appId"`
	ExtraData *returned `json:"extraData,omitempty"`
}

type navigated struct {
	ErrMsg   string       `json:"errMsg"`
	Referrer referrerInfo `json:"referrerInfo"`
	Detail   string       `json:"detail,omitempty"`
}

// componentExtra is the component's extraData.
type componentExtra struct {
	EncryptCardID string `json:"encrypt_card_id"`
	OuterStr      string `json:"outer_str"`
	Biz           string `json:"biz"`
}

// readComponent gives what wx.navigateToMiniProgram was called with, and the card.
func (s *Sandbox) readComponent(body []byte) (req componentRequest, extra componentExtra, c *card, no *refused) {
	if json.Unmarshal(body, &req) != nil {
		return req, extra, nil, &refused{textParameter, "extra_data", `want {"appId":"…","extraData":{…}}`}
	}
	if req.AfterRequest {
		return req, extra, nil, &refused{textNoTap, "no_tap", "a request came between the tap and this call: fetch the parameters before the user taps"}
	}
	if req.AppID != componentAppID {
		return req, extra, nil, &refused{textParameter, "app_id", "the component's appId is " + componentAppID}
	}
	if json.Unmarshal(req.ExtraData, &extra) != nil {
		return req, extra, nil, &refused{textParameter, "extra_data", "extraData must be an object of strings"}
	}
	c, no = s.componentCard(extra.EncryptCardID, extra.Biz)
	return req, extra, c, no
}

// showComponent is what the user sees before he submits the form that openComponent takes. It changes nothing.
func (s *Sandbox) showComponent(p *phone, body []byte) (any, *refused) {
	_, _, c, no := s.readComponent(body)
	if no != nil {
		return nil, no
	}
	held := s.memberOf(p, c)
	if held == nil {
		if no := s.mayHave(p, c, 1); no != nil {
			return nil, no
		}
	}
	return struct {
		ErrMsg string   `json:"errMsg"`
		Card   cardLook `json:"card"`
		Form   []string `json:"form"`
		Active bool     `json:"active"`
	}{"navigateToMiniProgram:ok", c.look(), c.form, held != nil && held.active}, nil
}

func (s *Sandbox) openComponent(p *phone, body []byte) (any, *refused) {
	req, extra, c, no := s.readComponent(body)
	if no != nil {
		return nil, no
	}

	held := s.memberOf(p, c)
	answer := navigated{ErrMsg: "navigateToMiniProgram:ok", Referrer: referrerInfo{AppID: componentAppID}}
	if held != nil && held.active {
		answer.Detail = "the user's card is active already: nothing comes back"
		return answer, nil
	}
	if held == nil {
		if no := s.mayHave(p, c, 1); no != nil {
			return nil, no
		}
		held = s.handOut(p, c, "")
	}
	held.form = fillForm(c, req.Form)
	if !c.AfterSubmit || c.AfterURL == "" {
		held.active = true
		answer.Detail = "not of the jump type (wx_activate_after_submit with an url): the card is active now and nothing comes back"
		return answer, nil
	}
	ticket := s.encrypt("activate", c.app, randomText(30), 42)
	s.temps.Add(ticket, &tempInfo{app: c.app, expires: p.now.Add(s.cfg.ExpiresIn), form: held.form})
	answer.Referrer.ExtraData = &returned{
		ActivateTicket: ticket, CardID: c.id, Code: held.code,
		// WeChat appends with & whether or not the url has a query.
		AfterSubmitURL: c.AfterURL + "&card_id=" + escape(c.id) + "&encrypt_code=" + escape(s.EncryptCode(c.app, held.code)) +
			"&outer_str=" + escape(extra.OuterStr) + "&openid=" + escape(s.openID(c.app, p.user)) + "&activate_ticket=" + escape(ticket),
	}
	return answer, nil
}

// componentCard gives the card that encrypt_card_id and biz name.
func (s *Sandbox) componentCard(encrypted, number string) (*card, *refused) {
	for _, f := range []struct{ name, value string }{{"encrypt_card_id", encrypted}, {"biz", number}} {
		switch {
		case f.value == "":
			return nil, &refused{textParameter, f.name, f.name + " is missing"}
		case strings.Contains(f.value, "%"):
			return nil, &refused{textParameter, "percent_encoded", f.name + " is still percent-encoded"}
		case strings.Contains(f.value, " "):
			return nil, &refused{textParameter, "blank", f.name + " has a blank where a + was: something decoded it as a form"}
		}
	}
	id, good := s.decrypt("card", "", encrypted)
	if !good {
		return nil, &refused{textParameter, "encrypt_card_id", "geturl never gave this encrypt_card_id"}
	}
	c, found := s.cards.Get(id)
	if !found && s.springs(id) { // forgotten by a reset, which a gateway with a cache does not learn of
		for _, a := range s.apps.Values() {
			if biz(a.id) == number {
				c, found = s.spring(a.id, id), true
				break
			}
		}
	}
	switch {
	case !found || c.status == statusDeleted:
		return nil, &refused{textParameter, "encrypt_card_id", "the card is gone"}
	case number != biz(c.app):
		return nil, &refused{textParameter, "biz", "biz is not that of the card's account"}
	case !c.oneTap():
		return nil, &refused{textParameter, "wx_activate", "the card has no wx_activate any more"}
	case c.form == nil:
		return nil, &refused{textParameter, "form", "the card has no form: call /card/membercard/activateuserform/set"}
	}
	return c, nil
}

// memberOf gives the user's card of that kind, one that is not active if he has several.
func (s *Sandbox) memberOf(p *phone, c *card) *userCard {
	var found *userCard
	for _, held := range s.codes.Values() {
		if held.card == c && held.user == p.user && held.status == userCardNormal && (found == nil || !held.active) {
			found = held
		}
	}
	return found
}

// fillForm is what the user types: typed, and something for each other field that the card asks for.
func fillForm(c *card, typed map[string]any) []formValue {
	var values []formValue
	for name, v := range typed {
		f := formValue{Name: name}
		switch v := v.(type) {
		case string:
			f.Value = v
		case []any:
			for _, one := range v {
				if text, isText := one.(string); isText {
					f.List = append(f.List, text)
				}
			}
		}
		values = append(values, f)
	}
	for _, name := range c.form {
		if _, done := typed[name]; !done {
			values = append(values, formValue{Name: name, Value: cmp.Or(typical[name], "无")})
		}
	}
	slices.SortFunc(values, func(a, b formValue) int { return strings.Compare(a.Name, b.Name) })
	return values
}

// typical is what the demo user types.
var typical = map[string]string{
	"USER_FORM_INFO_FLAG_MOBILE":   "13800138000",
	"USER_FORM_INFO_FLAG_NAME":     "张三",
	"USER_FORM_INFO_FLAG_SEX":      "男",
	"USER_FORM_INFO_FLAG_BIRTHDAY": "1990-01-01",
	"USER_FORM_INFO_FLAG_EMAIL":    "zhangsan@merchant.example",
}
