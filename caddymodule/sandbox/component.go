package sandbox

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// maxComponentSpan is thirty days, in seconds.
const maxComponentSpan = 30 * 24 * 60 * 60

// Component is a third-party platform (第三方平台), as WeChat's console shows one (开发资料), and how WeChat is towards it where its pages are
// silent or developers report differently. Texts may hold placeholders such as `{env.COMPONENT_SECRET}`.
type Component struct {
	// The secret of the platform. Required.
	AppSecret string `json:"app_secret,omitempty"`

	// What WeChat seals what it pushes with. Required with `events` or `messages`. Default: nothing is pushed.
	MessagePush *ComponentPush `json:"message_push,omitempty"`

	// The URL that tickets and events of authorisation are pushed to (授权事件接收 URL). Default: none are.
	Events string `json:"events,omitempty"`

	// The URL that messages of accounts are pushed to (消息与事件接收 URL); `$APPID$` in it is the account's app id. Default: none are.
	Messages string `json:"messages,omitempty"`

	// The host of the page that leads to WeChat's, and of where that goes back to (授权发起页域名), without scheme and port. Default: any
	// host, but one for both.
	Domain string `json:"domain,omitempty"`

	// The addresses and networks that may call (白名单 IP); others get errcode 61004. Default: all may.
	Whitelist []string `json:"whitelist,omitempty"`

	// The original ids (`gh_…`) of the accounts that may authorise the platform before it is published (授权测试名单). Default: it is, and
	// any account may.
	TestList []string `json:"test_list,omitempty"`

	// How often a ticket is pushed, in seconds. Default: 600, as at WeChat.
	TicketEvery int `json:"ticket_every,omitempty"`

	// How long a ticket is good, in seconds. Default: 43200, as at WeChat.
	TicketLife int `json:"ticket_life,omitempty"`

	// How long a pre_auth_code is good, in seconds: WeChat's pages have 1800 and 600. Default: 1800.
	PreAuthCode int `json:"pre_auth_code,omitempty"`

	// Whether a pre_auth_code opens WeChat's page more than once, which is not documented. Default: false.
	PreAuthAgain bool `json:"pre_auth_again,omitempty"`

	// How long an authorization code is good, in seconds: WeChat's pages have 600, and 3600 has been seen. Default: 600.
	AuthCode int `json:"auth_code,omitempty"`

	// What becomes of an authorizer_refresh_token that is used: `keep`, it stays the same; `change`, there is another one each time, and
	// the one before is good for five minutes more; `fade`, it stays the same, and ends after thirty days without use. Default: `keep`.
	RefreshToken string `json:"refresh_token,omitempty"`

	// How long an authorizer_access_token works that another one took the place of, in seconds, which is not documented. Default: five
	// minutes, or a quarter of its life.
	TokenOverlap *int `json:"token_overlap,omitempty"`

	// Whether the code of the event `authorized` is the `same` as that of the callback, or an `other`, which is not documented. Default: `same`.
	EventCode string `json:"event_code,omitempty"`

	// What AuthorizationCodeExpiredTime is, which is not documented: a `time`, or `seconds` from now. Default: `time`.
	CodeExpires string `json:"code_expires,omitempty"`

	// Which tickets `getticket` gives to a platform: `all`, as it does; `jsapi` alone; or `none`, as its page says. Default: `all`.
	GetTicket string `json:"getticket,omitempty"`
}

// ComponentPush is what a platform's pushes are sealed with.
type ComponentPush struct {
	// The token (消息校验 Token). Required.
	Token string `json:"token,omitempty"`
	// The key (消息加解密 Key), 43 characters. Required.
	EncodingAESKey string `json:"encoding_aes_key,omitempty"`
}

// components evaluates the placeholders of platforms by app id, and checks them; nil: there are none.
func components(repl *caddy.Replacer, raw map[string]*Component) (map[string]sandbox.Component, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	all := make(map[string]sandbox.Component, len(raw))
	for rawID, c := range raw {
		id, err := repl.ReplaceOrErr(rawID, true, true)
		if err != nil {
			return nil, words.Placed(rawID, fmt.Errorf("component %q: %w", rawID, err))
		}
		if c == nil || id == "" {
			return nil, fmt.Errorf("component %q: it is empty, or its app id is", rawID)
		}
		if _, twice := all[id]; twice {
			return nil, fmt.Errorf("component %q: another has the same app id", rawID)
		}
		settings, err := c.settings(repl)
		if err != nil {
			return nil, fmt.Errorf("component %q: %w", rawID, err)
		}
		all[id] = settings
	}
	return all, nil
}

// settings are those of a sandbox.
func (c *Component) settings(repl *caddy.Replacer) (s sandbox.Component, err error) {
	text := func(name, raw string) string {
		value, replErr := repl.ReplaceOrErr(raw, true, true)
		if replErr != nil && err == nil {
			err = words.Placed(raw, fmt.Errorf("%s: %w", name, replErr))
		}
		return value
	}
	s = sandbox.Component{
		Secret: text("app_secret", c.AppSecret), EventsURL: text("events", c.Events), MessagesURL: text("messages", c.Messages), Domain: text("domain", c.Domain),
	}
	s.TestList = c.TestList
	if c.MessagePush != nil {
		s.Token, s.EncodingAESKey = text("message_push", c.MessagePush.Token), text("message_push", c.MessagePush.EncodingAESKey)
	}
	if err != nil {
		return s, err
	}
	for _, raw := range c.Whitelist {
		net, err := network(raw)
		if err != nil {
			return s, err
		}
		s.Whitelist = append(s.Whitelist, net)
	}
	if s.Switches, err = c.switches(); err != nil {
		return s, err
	}
	return s, s.Check()
}

func (c *Component) switches() (s sandbox.Switches, err error) {
	for name, seconds := range map[string]int{
		"ticket_every": c.TicketEvery, "ticket_life": c.TicketLife, "pre_auth_code": c.PreAuthCode, "auth_code": c.AuthCode, "token_overlap": overlap(c.TokenOverlap),
	} {
		if seconds < 0 || seconds > maxComponentSpan {
			return s, fmt.Errorf("%s must be at most %d seconds", name, maxComponentSpan)
		}
	}
	if c.EventCode != "" && c.EventCode != "same" && c.EventCode != "other" {
		return s, fmt.Errorf("event_code must be same or other, not %q", c.EventCode)
	}
	if c.CodeExpires != "" && c.CodeExpires != "time" && c.CodeExpires != "seconds" {
		return s, fmt.Errorf("code_expires must be time or seconds, not %q", c.CodeExpires)
	}
	s = sandbox.Switches{
		TicketEvery: seconds(c.TicketEvery), TicketLife: seconds(c.TicketLife), PreAuthLife: seconds(c.PreAuthCode), PreAuthMany: c.PreAuthAgain,
		CodeLife: seconds(c.AuthCode), Refresh: sandbox.RefreshRule(c.RefreshToken), Overlap: seconds(overlap(c.TokenOverlap)),
		OtherCode: c.EventCode == "other", Relative: c.CodeExpires == "seconds", Tickets: sandbox.PlatformTickets(c.GetTicket),
	}
	if c.TokenOverlap != nil && *c.TokenOverlap == 0 {
		s.Overlap = -1
	}
	return s, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func overlap(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// network reads an address or a network.
func network(text string) (netip.Prefix, error) {
	if net, err := netip.ParsePrefix(text); err == nil {
		return net.Masked(), nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("whitelist: '%s' is neither an address nor a network", text)
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// unmarshalComponent reads `component <app_id> <app_secret> { … }`.
func (s *Sandbox) unmarshalComponent(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 2 {
		return d.Err("component wants an app_id, an app_secret and a block, nothing else") // what else stands there may be a secret
	}
	if s.Component[args[0]] != nil {
		return d.Errf("component already specified: %s", args[0])
	}
	c := &Component{AppSecret: args[1]}
	err := words.Block(d, 1, words.Subdirectives{
		"message_push": func() error {
			if c.MessagePush != nil {
				return words.AlreadySpecified(d, "message_push")
			}
			push := d.RemainingArgs()
			if len(push) != 2 {
				return d.Err("message_push wants a token and an encoding_aes_key")
			}
			c.MessagePush = &ComponentPush{push[0], push[1]}
			return nil
		},
		"events":   func() error { return words.OneValue(d, &c.Events) },
		"messages": func() error { return words.OneValue(d, &c.Messages) },
		"domain":   func() error { return words.OneValue(d, &c.Domain) },
		"whitelist": func() error {
			more := d.RemainingArgs()
			if len(more) == 0 {
				return d.ArgErr()
			}
			for _, text := range more {
				if _, err := network(text); err != nil {
					return words.Located(d, err)
				}
			}
			c.Whitelist = append(c.Whitelist, more...)
			return nil
		},
		"test_list": func() error {
			more := d.RemainingArgs()
			if len(more) == 0 {
				return d.ArgErr()
			}
			c.TestList = append(c.TestList, more...)
			return nil
		},
		"ticket_every":   func() error { return words.Number(d, &c.TicketEvery) },
		"ticket_life":    func() error { return words.Number(d, &c.TicketLife) },
		"pre_auth_code":  func() error { return words.Number(d, &c.PreAuthCode) },
		"pre_auth_again": func() error { return words.Flag(d, &c.PreAuthAgain) },
		"auth_code":      func() error { return words.Number(d, &c.AuthCode) },
		"refresh_token":  func() error { return words.OneOf(d, &c.RefreshToken, "keep", "change", "fade") },
		"token_overlap":  func() error { return unmarshalOverlap(d, &c.TokenOverlap) },
		"event_code":     func() error { return words.OneOf(d, &c.EventCode, "same", "other") },
		"code_expires":   func() error { return words.OneOf(d, &c.CodeExpires, "time", "seconds") },
		"getticket":      func() error { return words.OneOf(d, &c.GetTicket, "all", "jsapi", "none") },
	})
	if err != nil {
		return err
	}
	if (c.Events != "" || c.Messages != "") && c.MessagePush == nil {
		return words.Located(d, errors.New("events and messages want message_push: WeChat seals what it pushes to a platform"))
	}
	if s.Component == nil {
		s.Component = make(map[string]*Component)
	}
	s.Component[args[0]] = c
	return nil
}

// unmarshalOverlap reads a number of seconds, which may be 0.
func unmarshalOverlap(d *caddyfile.Dispenser, target **int) error {
	if *target != nil {
		return words.AlreadySpecified(d, "token_overlap")
	}
	var text string
	if !d.AllArgs(&text) {
		return d.ArgErr()
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return d.Errf("token_overlap must be a number of seconds, not '%s'", text)
	}
	*target = new(n)
	return nil
}
