package plugin

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/login"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The limits that an AccountConfig without any has, in calls a minute.
const (
	DefaultDecryptLimit = 600
	DefaultGeturlLimit  = 60
	DefaultLoginLimit   = 600
)

// What an AccountConfig is made of has its names here, too: where it is written, nothing else of those packages is needed.
type (
	TokenSource = account.TokenSource
	MiniProgram = login.MiniProgram
)

// The token sources.
const (
	Stable  = account.Stable
	Classic = account.Classic
	None    = account.None
	Remote  = account.Remote
	Redis   = account.Redis
)

// AccountConfig is all that an Account needs to know.
type AccountConfig struct {
	Name      string // for logs
	AppID     string // of the official account that created the cards, or of the mini program
	AppSecret string // of the same

	// SealSecret seals what lies in the Store, and visitors' cookies, where there is no AppSecret: an account that authorised a
	// component has none here. Without both nothing is shared through the Store, and there are no visitors.
	SealSecret string

	// Component says that the account authorised a third-party platform (第三方平台), which makes those calls for it that want an
	// app secret: those that tell whose a code of OAuth or of a mini program's login is. nil: the account calls for itself.
	Component *Component

	TokenSource  TokenSource   // default Stable; without meaning when there is a Token
	Token        source.Source // who keeps the access_token; nil: TokenSource says
	Tickets      source.Source // who keeps the tickets; nil: WeChat gives them for the access_token
	ForceRefresh bool          // whether forced refreshes may be spent on a token that WeChat refuses
	DecryptLimit int           // calls of /card/code/decrypt a minute; 0: DefaultDecryptLimit
	GeturlLimit  int           // calls of /card/membercard/activate/geturl a minute; 0: DefaultGeturlLimit
	LoginLimit   int           // calls of /sns/jscode2session and /sns/oauth2/access_token a minute, together; 0: DefaultLoginLimit
	// ActivationLimit is how many activations a minute may look up their tickets, decrypt their codes, and activate their cards:
	// calls of each kind. 0: as many as DecryptLimit.
	ActivationLimit int

	// IsMiniProgram says that it is a mini program (小程序), which has an access_token and no tickets. WeChat takes its token
	// below /wxa/, where it takes no official account's, and not below /card/.
	IsMiniProgram bool

	// MiniPrograms are those whose users Login knows; the first is the default. One without an AppSecret authorised the Component.
	MiniPrograms []MiniProgram

	MessagePush push.Config    // how messages that WeChat pushes are verified and decrypted; without Token: not at all
	OpenURL     string         // where WeChat's page is to which visitors are sent; "": oauth.DefaultOpenURL
	APIURL      string         // first base URL of the API: part of the credentials' name
	Client      *wechat.Client // required

	// Process is what all the accounts of a process share; it counts when their State is made. nil: the account is the only one.
	Process *credential.Process

	// Program gives the Account of one of the MiniPrograms, by its app id. nil, or what gives nil: they have none.
	Program func(appID string) *Account

	Store  credential.Store // nil: credentials are not shared and do not survive a restart
	Logger *slog.Logger     // nil: silent
	Now    func() time.Time // nil: time.Now

	Observe func(credential.Event) // told of each renewal and failure; it must not block; nil: nobody is
	Pushed  func(*push.Message)    // told of each message that was delivered; it must not block; nil: nobody is

	// Callers is who may use what relay and credentials lend of the account: those of an account that is data. nil: whoever the routes let.
	Callers *Callers

	guest bool // see Account.Guest
}

// Callers knows those who may use an account's access_token through the gateway.
type Callers struct {
	HasKey bool                   // else nobody may
	IsKey  func(text string) bool // whether that is what they have to show
}

// SharedKey names the State that accounts of this configuration share. It holds no secret.
func SharedKey(cfg AccountConfig) string { return cfg.core().ID().Hash() }

// core is the part that concerns credentials.
func (c AccountConfig) core() account.Config {
	core := account.Config{
		AppID:        c.AppID,
		AppSecret:    c.AppSecret,
		SealSecret:   c.SealSecret,
		TokenSource:  c.TokenSource,
		Token:        c.Token,
		Tickets:      c.Tickets,
		ForceRefresh: c.ForceRefresh,
		APIURL:       c.APIURL,
		Client:       c.Client,
		MiniProgram:  c.IsMiniProgram,
		Store:        c.Store,
		Logger:       c.Logger,
		Now:          c.Now,
		Observe:      c.Observe,
	}
	if c.guest {
		return core.Guest()
	}
	return core
}

// limits are in calls a minute.
type limits struct{ decrypt, geturl, login, activation int }

func (c AccountConfig) limits() limits {
	decrypt := cmp.Or(c.DecryptLimit, DefaultDecryptLimit)
	return limits{
		decrypt:    decrypt,
		geturl:     cmp.Or(c.GeturlLimit, DefaultGeturlLimit),
		login:      cmp.Or(c.LoginLimit, DefaultLoginLimit),
		activation: cmp.Or(c.ActivationLimit, decrypt),
	}
}
