package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// geturl wants a member card of WeChat's codes (72003, 40158: cards of imported codes have use_custom_code as well, and
// are refused here) with one-tap activation (45030), and gives another encrypt_card_id each time. An activate_ticket
// lives as long as a token.

const activatePage = "https://mp.weixin.qq.com/bizmall/activatemembercard?action=preshow&"

// formValue is one field of what a user typed when activating a card.
type formValue struct {
	Name  string   `json:"name"`
	Value string   `json:"value"`
	List  []string `json:"value_list,omitempty"`
}

// formAnswer is a filled-in form: WeChat's own fields, and the merchant's.
type formAnswer struct {
	Common []formValue `json:"common_field_list"`
	Custom []formValue `json:"custom_field_list"`
}

func answerForm(values []formValue) formAnswer {
	f := formAnswer{[]formValue{}, []formValue{}}
	for _, v := range values {
		if strings.HasPrefix(v.Name, "USER_FORM_INFO_FLAG_") {
			f.Common = append(f.Common, v)
		} else {
			f.Custom = append(f.Custom, v)
		}
	}
	return f
}

// tempInfo is what an activate_ticket stands for.
type tempInfo struct {
	app     string
	expires time.Time
	form    []formValue
}

// memberCard gives a member card of an account.
func (s *Sandbox) memberCard(a *app, id string) (*card, error) {
	c, err := s.card(a, id)
	if err != nil {
		return nil, err
	}
	if c.typ != memberCard {
		return nil, errNeedMember
	}
	return c, nil
}

func (s *Sandbox) activateURL(c *call) (any, error) {
	req, err := decode[struct {
		CardID   string `json:"card_id"`
		OuterStr string `json:"outer_str"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.memberCard(c.app, req.CardID)
	if err != nil {
		return nil, err
	}
	switch {
	case made.BaseInfo.UseCustomCode:
		return nil, errNeedWXCode
	case !made.oneTap():
		return nil, errUnsupported
	}
	var b strings.Builder
	b.WriteString(activatePage)
	b.WriteString("&encrypt_card_id=" + escape(s.encryptCardID(made)))
	if req.OuterStr != "" {
		b.WriteString("&outer_str=" + escape(req.OuterStr))
	}
	b.WriteString("&biz=" + escape(biz(made.app)) + "#wechat_redirect")
	return struct {
		status
		URL string `json:"url"`
	}{ok, b.String()}, nil
}

// escape percent-encodes all but unreserved characters.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func (s *Sandbox) encryptCardID(c *card) string { return s.encrypt("card", "", c.id, 66) }

// biz is how WeChat's pages name an account: its number, in base64.
func biz(appID string) string {
	sum := sha256.Sum256([]byte("biz " + appID))
	n := 3_000_000_000 + binary.BigEndian.Uint64(sum[:8])%1_000_000_000
	return base64.StdEncoding.EncodeToString(strconv.AppendUint(nil, n, 10))
}

func (s *Sandbox) setActivateForm(c *call) (any, error) {
	type form struct {
		Common []string `json:"common_field_id_list"`
	}
	req, err := decode[struct {
		CardID   string `json:"card_id"`
		Required form   `json:"required_form"`
		Optional form   `json:"optional_form"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.memberCard(c.app, req.CardID)
	if err != nil {
		return nil, err
	}
	if !made.oneTap() {
		return nil, errUnsupported
	}
	made.form = append(append([]string{}, req.Required.Common...), req.Optional.Common...)
	return ok, nil
}

func (s *Sandbox) getTempInfo(c *call) (any, error) {
	req, err := decode[struct {
		Ticket string `json:"activate_ticket"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	t, found := s.temps.Get(req.Ticket)
	switch {
	case !found || t.app != c.app.id:
		return nil, errForeignTicket
	case !c.now.Before(t.expires):
		return nil, errExpiredTicket
	}
	return struct {
		status
		Info formAnswer `json:"info"`
	}{ok, answerForm(t.form)}, nil
}

// heldMember gives a user's member card that is not used up.
func (s *Sandbox) heldMember(a *app, cardID, code string) (*userCard, error) {
	held, err := s.userCard(a, cardID, code)
	switch {
	case err != nil:
		return nil, err
	case held.card.typ != memberCard:
		return nil, errNeedMember
	}
	return held, held.refusal()
}

func (s *Sandbox) activateMember(c *call) (any, error) {
	req, err := decode[struct {
		codeRequest
		Membership string      `json:"membership_number"`
		Bonus      json.Number `json:"init_bonus"`
		Balance    json.Number `json:"init_balance"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	held, err := s.heldMember(c.app, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	if len(req.Membership) > maxText {
		return nil, errTooLong
	}
	held.active, held.membership = true, req.Membership
	held.bonus, held.balance = number(req.Bonus), number(req.Balance)
	return ok, nil
}

// number is n, 0 when there is none.
func number(n json.Number) int {
	i, _ := n.Int64()
	return int(i)
}

func (s *Sandbox) memberInfo(c *call) (any, error) {
	req, err := decode[codeRequest](c.body)
	if err != nil {
		return nil, err
	}
	held, err := s.userCard(c.app, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	if held.card.typ != memberCard {
		return nil, errNeedMember
	}
	return struct {
		status
		OpenID     string     `json:"openid"`
		Nickname   string     `json:"nickname"`
		Membership string     `json:"membership_number"`
		Bonus      int        `json:"bonus"`
		Balance    int        `json:"balance"`
		Sex        string     `json:"sex"`
		UserInfo   formAnswer `json:"user_info"`
		UserStatus string     `json:"user_card_status"`
		Active     bool       `json:"has_active"`
	}{
		ok, s.openID(held.card.app, held.user), held.user, held.membership, held.bonus, held.balance, "UNKNOWN",
		answerForm(held.form), held.status, held.active,
	}, nil
}

func (s *Sandbox) updateMember(c *call) (any, error) {
	req, err := decode[struct {
		codeRequest
		Bonus      *json.Number `json:"bonus"`
		AddBonus   json.Number  `json:"add_bonus"`
		Balance    *json.Number `json:"balance"`
		AddBalance json.Number  `json:"add_balance"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	held, err := s.heldMember(c.app, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	// An absolute value wins over a change, so that a call that sends both can be repeated.
	set := func(have int, abs *json.Number, add json.Number) int {
		if abs != nil {
			return number(*abs)
		}
		return have + number(add)
	}
	held.bonus = set(held.bonus, req.Bonus, req.AddBonus)
	held.balance = set(held.balance, req.Balance, req.AddBalance)
	return struct {
		status
		Bonus   int    `json:"result_bonus"`
		Balance int    `json:"result_balance"`
		OpenID  string `json:"openid"`
	}{ok, held.bonus, held.balance, s.openID(held.card.app, held.user)}, nil
}
