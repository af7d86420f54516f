package wechat

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"time"
)

// Config of a Client.
type Config struct {
	BaseURLs []string
	Timeout  time.Duration
	Proxy    func(*http.Request) (*url.URL, error)
	RootCAs  *x509.CertPool
	Now      func() time.Time
}

// Grant is a credential as WeChat gave it.
type Grant struct {
	Value     string
	Lifetime  time.Duration
	Requested time.Time
}

// TicketType is getticket's type.
type TicketType string

// The types of ticket.
const (
	CardTicket  TicketType = "wx_card"
	JSAPITicket TicketType = "jsapi"
)

// Client calls WeChat.
type Client struct{}

func New(cfg Config) *Client            { return &Client{} }
func (c *Client) Close()                {}
func (c *Client) Offset() time.Duration { return 0 }
func (c *Client) Token(ctx context.Context, appID, secret string) (Grant, error) {
	return Grant{}, nil
}
func (c *Client) StableToken(ctx context.Context, appID, secret string, force bool) (Grant, error) {
	return Grant{}, nil
}
func (c *Client) Ticket(ctx context.Context, accessToken string, typ TicketType) (Grant, error) {
	return Grant{}, nil
}
func (c *Client) DecryptCode(ctx context.Context, accessToken, encryptCode string) (string, error) {
	return "", nil
}
func (c *Client) ActivateURL(ctx context.Context, accessToken, cardID, outerStr string) (string, error) {
	return "", nil
}
