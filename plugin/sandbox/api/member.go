package api

import (
	"encoding/json"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// geturl wants a member card of WeChat's codes (72003, 40158: cards of imported codes have use_custom_code as well, and
// are refused here) with one-tap activation (45030), and gives another encrypt_card_id each time. An activate_ticket
// lives as long as a token.

const activatePage = "https://mp.weixin.qq.com/bizmall/activatemembercard?action=preshow&"

// formAnswer is a filled-in form: WeChat's own fields, and the merchant's.
type formAnswer struct {
	Common []codes.FormValue `json:"common_field_list"`
	Custom []codes.FormValue `json:"custom_field_list"`
}

func answerForm(values []codes.FormValue) formAnswer {
	f := formAnswer{[]codes.FormValue{}, []codes.FormValue{}}
	for _, v := range values {
		if strings.HasPrefix(v.Name, "USER_FORM_INFO_FLAG_") {
			f.Common = append(f.Common, v)
		} else {
			f.Custom = append(f.Custom, v)
		}
	}
	return f
}

func activateURL(c *call) (any, error) {
	req, err := wire.Decode[struct {
		CardID   string `json:"card_id"`
		OuterStr string `json:"outer_str"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := c.world.Cards.MemberOf(c.app.ID, req.CardID)
	if err != nil {
		return nil, err
	}
	switch {
	case made.BaseInfo.UseCustomCode:
		return nil, wire.ErrNeedWXCode
	case !made.OneTap():
		return nil, wire.ErrUnsupported
	}
	var b strings.Builder
	b.WriteString(activatePage)
	b.WriteString("&encrypt_card_id=" + wire.Escape(c.world.Seal.EncryptCardID(made.ID)))
	if req.OuterStr != "" {
		b.WriteString("&outer_str=" + wire.Escape(req.OuterStr))
	}
	b.WriteString("&biz=" + wire.Escape(accounts.Biz(made.App)) + "#wechat_redirect")
	return struct {
		wire.Status
		URL string `json:"url"`
	}{wire.OK, b.String()}, nil
}

func setActivateForm(c *call) (any, error) {
	type form struct {
		Common []string `json:"common_field_id_list"`
	}
	req, err := wire.Decode[struct {
		CardID   string `json:"card_id"`
		Required form   `json:"required_form"`
		Optional form   `json:"optional_form"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := c.world.Cards.MemberOf(c.app.ID, req.CardID)
	if err != nil {
		return nil, err
	}
	if !made.OneTap() {
		return nil, wire.ErrUnsupported
	}
	made.Form = append(append([]string{}, req.Required.Common...), req.Optional.Common...)
	return wire.OK, nil
}

func getTempInfo(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Ticket string `json:"activate_ticket"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	t, found := c.world.Codes.Submitted.Get(req.Ticket)
	switch {
	case !found || t.App != c.app.ID:
		return nil, wire.ErrForeignTicket
	case !c.now.Before(t.Expires):
		return nil, wire.ErrExpiredTicket
	}
	return struct {
		wire.Status
		Info formAnswer `json:"info"`
	}{wire.OK, answerForm(t.Form)}, nil
}

func activateMember(c *call) (any, error) {
	req, err := wire.Decode[struct {
		codeRequest
		Membership string      `json:"membership_number"`
		Bonus      json.Number `json:"init_bonus"`
		Balance    json.Number `json:"init_balance"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	held, err := c.world.Codes.MemberOf(c.app.ID, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	if len(req.Membership) > wire.MaxText {
		return nil, wire.ErrTooLong
	}
	held.Active, held.Membership = true, req.Membership
	held.Bonus, held.Balance = number(req.Bonus), number(req.Balance)
	return wire.OK, nil
}

// number is n, 0 when there is none.
func number(n json.Number) int {
	i, _ := n.Int64()
	return int(i)
}

func memberInfo(c *call) (any, error) {
	held, err := heldCode(c)
	if err != nil {
		return nil, err
	}
	if held.Card.Type != cards.MemberCard {
		return nil, wire.ErrNeedMember
	}
	return struct {
		wire.Status
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
		wire.OK, c.world.Users.OpenID(held.Card.App, held.User), held.User, held.Membership, held.Bonus, held.Balance, "UNKNOWN",
		answerForm(held.Form), held.Status, held.Active,
	}, nil
}

func updateMember(c *call) (any, error) {
	req, err := wire.Decode[struct {
		codeRequest
		Bonus      *json.Number `json:"bonus"`
		AddBonus   json.Number  `json:"add_bonus"`
		Balance    *json.Number `json:"balance"`
		AddBalance json.Number  `json:"add_balance"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	held, err := c.world.Codes.MemberOf(c.app.ID, req.CardID, req.Code)
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
	held.Bonus = set(held.Bonus, req.Bonus, req.AddBonus)
	held.Balance = set(held.Balance, req.Balance, req.AddBalance)
	return struct {
		wire.Status
		Bonus   int    `json:"result_bonus"`
		Balance int    `json:"result_balance"`
		OpenID  string `json:"openid"`
	}{wire.OK, held.Bonus, held.Balance, c.world.Users.OpenID(held.Card.App, held.User)}, nil
}
