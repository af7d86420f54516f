package wechat

import (
	"context"
	"net/url"
	"time"
)

// Grant is a credential as WeChat gave it.
type Grant struct {
	Value     string
	Lifetime  time.Duration
	Requested time.Time // start of the request by the local clock: Lifetime counts from here

	// Look is when to ask again, counted as Lifetime is, where the end is not what tells; 0: near the end. The value is
	// good all the same until it is refused or its Lifetime is over.
	Look time.Duration
}

// TicketType is getticket's type.
type TicketType string

// The types of ticket. They are not interchangeable.
const (
	CardTicket  TicketType = "wx_card" // api_ticket: signs cards
	JSAPITicket TicketType = "jsapi"   // jsapi_ticket: signs wx.config
)

// Token fetches an access_token from /cgi-bin/token. It kills the one before
// within five minutes. The call is repeatable: of two answers the lost one is
// the older.
func (c *Client) Token(ctx context.Context, appID, secret string) (Grant, error) {
	requested := c.now()
	var a tokenAnswer
	err := c.Do(ctx, Call{
		API:        "token",
		credential: true,
		Path:       "/cgi-bin/token",
		Query:      url.Values{"grant_type": {"client_credential"}, "appid": {appID}, "secret": {secret}},
		Repeatable: true,
		Secrets:    []string{secret},
	}, &a)
	return grant(a.AccessToken, a.ExpiresIn, requested, err)
}

// StableToken fetches an access_token from /cgi-bin/stable_token: the current
// one with what is left of its lifetime, or with force a new one in its place
// (20 a day, 30 s apart; between these WeChat gives the current one again).
func (c *Client) StableToken(ctx context.Context, appID, secret string, force bool) (Grant, error) {
	requested := c.now()
	var a tokenAnswer
	err := c.Do(ctx, Call{
		API:        "stable_token",
		credential: true,
		Path:       "/cgi-bin/stable_token",
		Body: struct {
			GrantType    string `json:"grant_type"`
			AppID        string `json:"appid"`
			Secret       string `json:"secret"`
			ForceRefresh bool   `json:"force_refresh"`
		}{"client_credential", appID, secret, force},
		Repeatable: true,
		Secrets:    []string{secret},
	}, &a)
	return grant(a.AccessToken, a.ExpiresIn, requested, err)
}

// Ticket fetches a ticket from /cgi-bin/ticket/getticket.
func (c *Client) Ticket(ctx context.Context, accessToken string, typ TicketType) (Grant, error) {
	requested := c.now()
	var a ticketAnswer
	err := c.Do(ctx, Call{
		API:         "getticket",
		credential:  true,
		Path:        ticketPath,
		AccessToken: accessToken,
		Query:       url.Values{"type": {string(typ)}},
		Repeatable:  true,
	}, &a)
	return grant(a.Ticket, a.ExpiresIn, requested, err)
}

// DecryptCode turns the encrypted code of a card into the plain one, by
// /card/code/decrypt.
func (c *Client) DecryptCode(ctx context.Context, accessToken, encryptCode string) (string, error) {
	var a codeAnswer
	err := c.Do(ctx, Call{
		API:         "decrypt",
		Path:        "/card/code/decrypt",
		AccessToken: accessToken,
		Body: struct {
			EncryptCode string `json:"encrypt_code"`
		}{encryptCode},
		Repeatable: true,
	}, &a)
	if err != nil {
		return "", err
	}
	return a.Code, nil
}

// ActivateURL fetches the URL that holds the parameters of the member-card
// component, by /card/membercard/activate/geturl. outerStr may be empty.
func (c *Client) ActivateURL(ctx context.Context, accessToken, cardID, outerStr string) (string, error) {
	var a urlAnswer
	err := c.Do(ctx, Call{
		API:         "geturl",
		Path:        "/card/membercard/activate/geturl",
		AccessToken: accessToken,
		Body: struct {
			CardID   string `json:"card_id"`
			OuterStr string `json:"outer_str,omitempty"`
		}{cardID, outerStr},
		Repeatable: true,
	}, &a)
	if err != nil {
		return "", err
	}
	return a.URL, nil
}

func grant(value string, expiresIn seconds, requested time.Time, err error) (Grant, error) {
	if err != nil {
		return Grant{}, err
	}
	return Grant{Value: value, Lifetime: time.Duration(expiresIn) * time.Second, Requested: requested}, nil
}
