package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MiniUser is a user of a mini program. WeChat's answer also holds a
// session_key, which is not even read.
type MiniUser struct {
	MiniOpenID string `json:"openid"`  // in the mini program, not in the official account
	UnionID    string `json:"unionid"` // empty unless the mini program is bound to an account at open.weixin.qq.com
}

func (u *MiniUser) check() error {
	if u.MiniOpenID == "" || !isUserID(u.MiniOpenID) || !isUserID(u.UnionID) {
		return errValue
	}
	return nil
}

// isUserID accepts what may stand in a header; the bound is ours, WeChat's ids
// have 28 characters.
func isUserID(id string) bool {
	return len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Login tells by /sns/jscode2session whose js_code it is, with the mini
// program's own app_id and secret. A js_code works once, so the call is not
// repeatable.
func (c *Client) Login(ctx context.Context, appID, secret, jsCode string) (MiniUser, error) {
	var u MiniUser
	err := c.Do(ctx, Call{
		API:  "jscode2session",
		Path: "/sns/jscode2session",
		Query: url.Values{
			"appid": {appID}, "secret": {secret}, "js_code": {jsCode}, "grant_type": {"authorization_code"},
		},
		Secrets: []string{secret, jsCode},
	}, &u)
	if err != nil {
		return MiniUser{}, err
	}
	return u, nil
}

// Phone is the phone number of a user, of at most 32 digits and what stands
// between them.
type Phone struct {
	Number  string // a foreign one with its country's code
	Pure    string // without it
	Country string // the country's code, such as 86; may be empty

	AppID string    // of the mini program that the user gave it to
	Given time.Time // when, by WeChat's clock
}

type phoneAnswer struct {
	Info struct {
		Number    string `json:"phoneNumber"`
		Pure      string `json:"purePhoneNumber"`
		Country   digits `json:"countryCode"`
		Watermark struct {
			Timestamp digits `json:"timestamp"`
			AppID     string `json:"appid"`
		} `json:"watermark"`
	} `json:"phone_info"`
}

func (a *phoneAnswer) check() error {
	i := &a.Info
	if !strings.ContainsAny(i.Number, digitsOnly) || !strings.ContainsAny(i.Pure, digitsOnly) ||
		!isPhone(i.Number) || !isPhone(i.Pure) || !isPhone(string(i.Country)) {
		return errValue
	}
	return nil
}

const digitsOnly = "0123456789"

// isPhone accepts what may stand in a header and be dialled; the bound is ours.
func isPhone(s string) bool {
	return len(s) <= 32 && strings.Trim(s, " ") == s && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && !strings.ContainsRune("+-() ", r)
	})
}

// digits is a number, which WeChat writes as one or as a string.
type digits string

// UnmarshalJSON implements json.Unmarshaler.
func (d *digits) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil { // null, too
		*d = digits(s)
		return nil
	}
	n, err := strconv.ParseUint(string(data), 10, 63)
	*d = digits(strconv.FormatUint(n, 10))
	return err
}

// PhoneNumber tells by /wxa/business/getuserphonenumber the phone number that
// a user has given to the mini program whose access_token it is. A code works
// once, so the call is not repeatable.
func (c *Client) PhoneNumber(ctx context.Context, accessToken, code string) (Phone, error) {
	var a phoneAnswer
	err := c.Do(ctx, Call{
		API:         APIPhone,
		Path:        "/wxa/business/getuserphonenumber",
		AccessToken: accessToken,
		Body: struct {
			Code string `json:"code"`
		}{code},
		Secrets: []string{code},
	}, &a)
	if err != nil {
		return Phone{}, err
	}
	i := &a.Info
	given, _ := strconv.ParseInt(string(i.Watermark.Timestamp), 10, 64) // 0: long ago
	return Phone{i.Number, i.Pure, string(i.Country), i.Watermark.AppID, time.Unix(given, 0)}, nil
}

// The reasons why a phone number is not believed.
var (
	errWatermark = errors.New("the watermark is that of another app_id")
	errOld       = errors.New("the watermark is too old")
	errAhead     = errors.New("the watermark is of the future")
)

// CheckWatermark tells, by an *Error, that a phone number was given to another
// mini program, or longer ago than maxAge at the time of now, or will be.
func (p Phone) CheckWatermark(appID string, maxAge time.Duration, now time.Time) error {
	switch {
	case p.AppID != appID:
		return &Error{API: APIPhone, Err: errWatermark}
	case now.Sub(p.Given) > maxAge:
		return &Error{API: APIPhone, Err: errOld}
	case now.Sub(p.Given) < -maxAge:
		return &Error{API: APIPhone, Err: errAhead}
	}
	return nil
}
