package platform

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
)

// Settings are what the console shows of a platform (开发资料).
type Settings struct {
	Secret string // required

	Token          string         // 消息校验 Token; "": nothing is pushed
	EncodingAESKey string         // 消息加解密 Key, 43 characters
	EventsURL      string         // 授权事件接收 URL; "": no tickets and events are pushed
	MessagesURL    string         // 消息与事件接收 URL, with $APPID$; "": no messages are
	Domain         string         // 授权发起页域名, a bare host; "": any, and redirect_uri leads to the one that the page was opened from
	Whitelist      []netip.Prefix // 白名单 IP, who may call; none: anybody

	TestList []string // 授权测试名单, original ids (gh_…): who may authorise before 全网发布; none: it is published, and anybody may

	Switches
}

// Switches say how WeChat is where its pages are silent or reports differ. The zero value of each is its default.
type Switches struct {
	TicketEvery time.Duration // how often a ticket is pushed; default: 10 minutes
	TicketLife  time.Duration // default: 12 hours
	PreAuthLife time.Duration // of a pre_auth_code; default: 1800 s
	PreAuthMany bool          // a pre_auth_code opens the page more than once; default: once
	CodeLife    time.Duration // of an authorization code; default: 600 s
	Refresh     RefreshRule   // default: Keep
	Overlap     time.Duration // how long an authorizer_access_token works that was superseded; default: five minutes, or a quarter of its life; below 0: it does not
	OtherCode   bool          // the event has another code than the callback; default: the same
	Relative    bool          // AuthorizationCodeExpiredTime is a number of seconds; default: a time
	Tickets     TicketRule    // default: AllTickets
}

// RefreshRule is what becomes of a refresh token (authorizer_refresh_token) that is used.
type RefreshRule string

// The rules.
const (
	// Keep: it stays the same while the authorisation stands.
	Keep RefreshRule = "keep"
	// Change: each use gives another one, and the one before works for five minutes more.
	Change RefreshRule = "change"
	// Fade: it stays the same, and is no good any more after thirty days without use.
	Fade RefreshRule = "fade"
)

// RefreshRules lists them, the default first.
var RefreshRules = []RefreshRule{Keep, Change, Fade}

// TicketRule is which tickets getticket gives to platforms.
type TicketRule string

// The rules.
const (
	AllTickets  TicketRule = "all"   // as practice has it
	JSAPITicket TicketRule = "jsapi" // and no wx_card
	NoTickets   TicketRule = "none"  // as the page of getticket has it
)

// TicketRules lists them, the default first.
var TicketRules = []TicketRule{AllTickets, JSAPITicket, NoTickets}

func (r TicketRule) kinds() []string {
	switch r {
	case NoTickets:
		return nil
	case JSAPITicket:
		return []string{accounts.JSAPITicket}
	case AllTickets:
	}
	return []string{accounts.CardTicket, accounts.JSAPITicket}
}

// Spans of WeChat's.
const (
	ticketEvery    = 10 * time.Minute
	ticketLife     = 12 * time.Hour
	preAuthLife    = 1800 * time.Second
	codeLife       = 600 * time.Second
	refreshOverlap = 5 * time.Minute
	refreshIdle    = 30 * 24 * time.Hour
)

func (s Switches) withDefaults(tokenLife time.Duration) Switches {
	s.TicketEvery = cmp.Or(s.TicketEvery, ticketEvery)
	s.TicketLife = cmp.Or(s.TicketLife, ticketLife)
	s.PreAuthLife = cmp.Or(s.PreAuthLife, preAuthLife)
	s.CodeLife = cmp.Or(s.CodeLife, codeLife)
	s.Refresh = cmp.Or(s.Refresh, Keep)
	s.Overlap = max(0, cmp.Or(s.Overlap, min(refreshOverlap, tokenLife/4)))
	s.Tickets = cmp.Or(s.Tickets, AllTickets)
	return s
}

// Check says what is wrong with settings.
func (s Settings) Check() error {
	if s.Secret == "" {
		return errors.New("the secret is missing")
	}
	if (s.EventsURL != "" || s.MessagesURL != "") && (s.Token == "" || s.EncodingAESKey == "") {
		return errors.New("events and messages want message_push: WeChat seals what it pushes to a platform")
	}
	if s.EncodingAESKey != "" {
		if _, err := push.NewCipher(s.EncodingAESKey); err != nil {
			return fmt.Errorf("message_push: %w", err)
		}
	}
	for name, address := range map[string]string{"events": s.EventsURL, "messages": s.MessagesURL} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "") {
			return fmt.Errorf("%s must be an http or https address", name)
		}
	}
	if strings.ContainsAny(s.Domain, "/: ") {
		return errors.New("domain must be a bare host, without scheme, port and path, like shop.example.com")
	}
	for _, d := range []time.Duration{s.TicketEvery, s.TicketLife, s.PreAuthLife, s.CodeLife} {
		if d != 0 && d < time.Second {
			return errors.New("spans must be a second at least")
		}
	}
	if s.Refresh != "" && !slices.Contains(RefreshRules, s.Refresh) {
		return fmt.Errorf("refresh_token must be keep, change or fade, not %q", s.Refresh)
	}
	if s.Tickets != "" && !slices.Contains(TicketRules, s.Tickets) {
		return fmt.Errorf("getticket must be all, jsapi or none, not %q", s.Tickets)
	}
	return nil
}
