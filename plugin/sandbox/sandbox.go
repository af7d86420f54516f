// Package sandbox is a stand-in for api.weixin.qq.com and for the phone of a WeChat user, to develop and test against
// without an account anywhere.
//
// It follows WeChat's published rules and, where they are silent, the choice that is harder on the caller; the files say
// which choices they made. What is asked of it is answered by
//
//	api       the calls of WeChat's API, by path in api/table.go
//	phone     /_sandbox/phone/…: wx.addCard, wx.openCard, the member-card component
//	request   /_sandbox/phone/request: wx.request, on the page's behalf
//	control   /_sandbox/…: faults, revocation, call counts, cards, review, reset, and why a signature is good or not
//	open      /connect/oauth2/…: the pages of open.weixin.qq.com that send visitors of web pages back with a code
//	scanpage  the pages where an account's owner authorises a third-party platform
//	console   /_sandbox/component/…: what WeChat, merchants and the test before 全网发布 do to such a platform
//	courier   pushes tickets, events and messages to it
//	events    /_sandbox/events: what the page shows
//	page      /, and /_sandbox/page/…: a phone to try a gateway on in a browser
//
// and what it remembers is in world, put together from
//
//	accounts   official accounts and mini programs: access_tokens, tickets, quotas
//	users      users, their openids
//	cards      what a card is, and which ids are cards
//	oauth      the codes that visitors of web pages were given
//	codes      the cards that users have
//	exchanges  requests and their answers, as they came past
//	platform   third-party platforms, and who has authorised them
//	outbox     what is to be pushed to them
//	chats      what users and accounts wrote to each other
//	faults     what is to go wrong
//
// Below these lie wire (WeChat's JSON and errcodes), local (who may use /_sandbox/), secret and lru.
package sandbox

import (
	"cmp"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/console"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/courier"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/faults"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// DefaultExpiresIn is how long tokens and tickets live unless Config says otherwise: as at WeChat.
const DefaultExpiresIn = accounts.DefaultExpiresIn

// DemoOpenID is the openid of the user whose phone it is when nothing else is said.
const DemoOpenID = users.DemoOpenID

// Config of a Sandbox. The zero value is a good one.
type Config struct {
	// Apps are the official accounts and mini programs that exist, app secrets by app id. Nil: any id with any secret.
	Apps map[string]string
	// MiniPrograms are the apps that are mini programs, secrets by app id; they need not be among Apps. All others are official accounts
	// then, and a token of the one kind is refused on calls of the other. Nil: nobody knows which is which, and nothing is refused.
	MiniPrograms map[string]string
	// ForeignToken is the errcode of that refusal. Default: 40001.
	ForeignToken int
	// CountryAsNumber has getuserphonenumber tell the country's code as a number, as older pages have it.
	CountryAsNumber bool
	// ExpiresIn is the lifetime of tokens and tickets, in whole seconds. Default: 7200 s.
	// WeChat's five minutes (of a superseded token, of a rotation) scale to min(300 s, ExpiresIn/4), the 30 s between two
	// forced refreshes to min(30 s, ExpiresIn/40).
	ExpiresIn time.Duration
	// Tickets is what getticket gives to who asks again. Default: TicketsFresh.
	Tickets TicketRule
	// CustomCodeCards are the cards, of those that spring up, with use_custom_code.
	CustomCodeCards []string
	// Components are the third-party platforms (第三方平台) that exist, by app id. Nil: there is none.
	Components map[string]Component
	// StrictCards: only cards made by /card/create, PutCard or /_sandbox/cards exist; none springs up on first use.
	StrictCards bool
	// Replay is answered in the place of what the sandbox would say, for the calls that it has. Its values mean nothing: no phone
	// takes what is signed with its tickets. Nil: nothing is.
	Replay *recording.Recording
	// Now is the clock. Nil: time.Now. Delays of faults run on real (or synctest's) time.
	Now func() time.Time
}

// Secured is an app that has API 安全 switched on, with WeChat's side of its keys.
type Secured = accounts.Secured

// TicketRule is what getticket gives to who asks again.
type TicketRule = accounts.Rule

// The rules, which accounts describes.
const (
	TicketsFresh  = accounts.Fresh
	TicketsHonest = accounts.Honest
	TicketsGrid   = accounts.Grid
)

// TicketRules lists them, the default first.
var TicketRules = accounts.Rules

// ForeignCodes lists what ForeignToken can be, the default first.
var ForeignCodes = accounts.ForeignCodes

// Fault makes calls go wrong. The zero value of every field but Path changes nothing; a fault with a Delay alone makes
// WeChat slow.
type Fault = faults.Fault

// Revocation says which credentials end.
type Revocation = accounts.Revocation

// Sandbox is an http.Handler that answers as api.weixin.qq.com would, below /_sandbox/phone/ as a WeChat client would,
// and below /_sandbox/ to tests that want something to go wrong. It is safe for concurrent use.
type Sandbox struct {
	world   *world.World
	request *request.Server
	courier *courier.Courier
	console *console.Server
	replay  *recording.Replay // nil: nothing is
}

// New makes a Sandbox. It starts no goroutine and needs no closing; what it pushes to platforms, Start or Deliver pushes.
func New(cfg Config) *Sandbox {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	known := accounts.New(cfg.Apps, cfg.ExpiresIn)
	known.Rule = cmp.Or(cfg.Tickets, TicketsFresh)
	known.MiniPrograms, known.Foreign = cfg.MiniPrograms, cmp.Or(cfg.ForeignToken, accounts.ForeignCodes[0])
	w := world.New(
		known,
		platform.New(cfg.Components, known),
		cards.NewStore(cfg.StrictCards, cfg.CustomCodeCards, cfg.Now),
		cfg.Now,
	)
	w.Users.CountryAsNumber = cfg.CountryAsNumber
	s := &Sandbox{world: w, request: request.New(w), courier: courier.New(w)}
	s.console = console.New(w, s.courier)
	if cfg.Replay != nil {
		s.replay = recording.NewReplay(cfg.Replay)
	}
	return s
}

// Reset forgets cards, codes, users, what visitors do at WeChat's page, menus, faults, call counts, exchanges, quotas, what waits to be pushed, and
// revocations to come. Tokens, tickets and authorisations stay as they are, so that whoever holds them works on; Revoke ends tokens and tickets.
func (s *Sandbox) Reset() { s.world.Reset() }

// Fail adds faults. Of several that fit a call, the oldest that has calls left is used, and only it.
func (s *Sandbox) Fail(faults ...Fault) error { return s.world.Faults.Fail(faults...) }

// Revoke ends credentials at once, as if somebody else had renewed them: 40001 from then on; and 签名错误 for tickets.
func (s *Sandbox) Revoke(rev Revocation) error { return s.world.Revoke(rev) }

// Secure switches API 安全 on for an app, for good.
func (s *Sandbox) Secure(appID string, with Secured) { s.world.Secure(appID, with) }

// PutCard makes a card, or replaces it, as /card/create would, but with an id of the caller's choice. The card is JSON: {"card_type":"MEMBER_CARD","member_card":{"base_info":
// {"sku":{"quantity":9}, …}, "wx_activate":true}}.
func (s *Sandbox) PutCard(appID, id, card string) error { return s.world.PutCard(appID, id, card) }

// Calls counts the calls of the API since the last Reset, by path; those that went wrong too.
func (s *Sandbox) Calls() map[string]int { return s.world.Calls.Counts() }

// OpenID is the openid of a user in an app: what jscode2session answers to the js_code "<user>.<anything>".
func (s *Sandbox) OpenID(appID, user string) string { return s.world.OpenID(appID, user) }

// Mood is what a visitor does at WeChat's page.
type Mood = oauth.Mood

// SetMood says what visitors do from now on.
func (s *Sandbox) SetMood(m Mood) error { return s.world.SetMood(m) }

// EncryptCode is a code as clients get it: base64, with `+`, `/` and `=` in every one, for /card/code/decrypt with an
// access_token of the same account. Every call gives another text. Codes have at most 20 characters.
func (s *Sandbox) EncryptCode(appID, code string) string {
	return s.world.Seal.EncryptCode(appID, code)
}
