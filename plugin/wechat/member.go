package wechat

import (
	"bytes"
	"context"
	"encoding/json"
)

// UserInfo is what a user filled in when activating a member card, in WeChat's
// own bytes: each list is a JSON array of {"name","value"} or, in Custom also,
// {"name","value_list"}. Never put it into a log.
type UserInfo struct {
	Common json.RawMessage `json:"common_field_list"` // WeChat's fields: USER_FORM_INFO_FLAG_MOBILE and the like
	Custom json.RawMessage `json:"custom_field_list"` // the merchant's
}

// MarshalJSON writes both lists, as they are; one that is missing is empty.
func (u UserInfo) MarshalJSON() ([]byte, error) { return u.AppendJSON(nil), nil }

// AppendJSON appends {"common_field_list":[…],"custom_field_list":[…]} to dst.
func (u UserInfo) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"common_field_list":`...)
	dst = appendList(dst, u.Common)
	dst = append(dst, `,"custom_field_list":`...)
	dst = appendList(dst, u.Custom)
	return append(dst, '}')
}

func appendList(dst []byte, list json.RawMessage) []byte {
	if isAbsent(list) {
		return append(dst, "[]"...)
	}
	return append(dst, list...)
}

func isAbsent(list json.RawMessage) bool { return len(list) == 0 || string(list) == "null" }

func (u *UserInfo) check() error {
	for _, list := range []json.RawMessage{u.Common, u.Custom} {
		if !isAbsent(list) && !bytes.HasPrefix(list, []byte("[")) {
			return errValue
		}
	}
	return nil
}

// tempInfoAnswer is that of activatetempinfo/get.
type tempInfoAnswer struct {
	Info *UserInfo `json:"info"`
}

func (a *tempInfoAnswer) check() error {
	if a.Info == nil {
		return errValue
	}
	return a.Info.check()
}

// TempInfo fetches what a user filled in from
// /card/membercard/activatetempinfo/get, by the activate_ticket that the
// component or the redirect of a jump-type card brought, percent-decoded.
func (c *Client) TempInfo(ctx context.Context, accessToken, activateTicket string) (UserInfo, error) {
	var a tempInfoAnswer
	err := c.Do(ctx, Call{
		API:         "tempinfo",
		Path:        "/card/membercard/activatetempinfo/get",
		AccessToken: accessToken,
		Body: struct {
			ActivateTicket string `json:"activate_ticket"`
		}{activateTicket},
		Repeatable: true,
		Secrets:    []string{activateTicket},
	}, &a)
	if err != nil {
		return UserInfo{}, err
	}
	return *a.Info, nil
}

// ActivateMember activates a member card by /card/membercard/activate. The
// request is the call's whole body: code, card_id, membership_number and what
// else the call takes, without \u escapes. hidden are texts of it that must not
// appear in an error.
func (c *Client) ActivateMember(ctx context.Context, accessToken string, request json.RawMessage, hidden ...string) error {
	return c.Do(ctx, Call{
		API:         "activate",
		Path:        "/card/membercard/activate",
		AccessToken: accessToken,
		Body:        request,
		Secrets:     hidden,
	}, nil)
}

// Member is a user's member card, as /card/membercard/userinfo/get knows it.
type Member struct {
	MembershipNumber string   `json:"membership_number"`
	Active           bool     `json:"has_active"`
	UserInfo         UserInfo `json:"user_info"` // empty for jump-type cards
}

// check makes Member the checker of its own answer.
func (m *Member) check() error { return m.UserInfo.check() }

// MemberUserInfo fetches a user's member card by its plain code from
// /card/membercard/userinfo/get.
func (c *Client) MemberUserInfo(ctx context.Context, accessToken, cardID, code string) (Member, error) {
	var m Member
	err := c.Do(ctx, Call{
		API:         "userinfo",
		Path:        "/card/membercard/userinfo/get",
		AccessToken: accessToken,
		Body: struct {
			CardID string `json:"card_id"`
			Code   string `json:"code"`
		}{cardID, code},
		Repeatable: true,
	}, &m)
	if err != nil {
		return Member{}, err
	}
	return m, nil
}
