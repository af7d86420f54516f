// Package platform is a third-party platform (第三方平台): one component, the accounts that authorised it, and what must never be
// lost of both: the verify ticket and each account's refresh token.
package platform

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// ErrNotAuthorised says that an account has not authorised the component, or has taken that back.
var ErrNotAuthorised = errors.New("the account has not authorised this component")

// Config is what a Platform needs to know.
type Config struct {
	Name      string           // in the configuration, for logs
	AppID     string           // of the component
	AppSecret string           // of the component
	SealKeys  []string         // what records are sealed with: the first seals, each opens; none: the AppSecret
	Store     credential.Store // where records lie, and credentials; nil: in this process alone
	Copy      credential.Store // where records lie as well; nil: nowhere else
	APIURL    string           // first base URL of the API
	Client    *wechat.Client   // required
	Process   *credential.Process
	Logger    *slog.Logger           // nil: silent
	Now       func() time.Time       // nil: time.Now
	Observe   func(credential.Event) // told of each renewal and failure of the component_access_token; nil: nobody is
	Changed   func(Change)           // told of each change that this process makes to an authorisation; it must not block; nil: nobody is
}

// State is what outlives a configuration of a Platform.
type State struct{}

// NewState makes the State of a configuration.
func NewState(Config) *State { return new(State) }

// SharedKey names the State that configurations share. It holds no secret.
func SharedKey(Config) string { return "" }

// Platform is one component under one configuration. Any number of goroutines may use it.
type Platform struct{}

// New makes a Platform upon a State. It calls nobody and starts nothing.
func New(Config, *State) (*Platform, error) { return new(Platform), nil }

// Start makes this configuration the current one, and keeps what it must in the background.
func (p *Platform) Start() {}

// Stop ends what Start began and waits for it, two seconds at the most.
func (p *Platform) Stop() {}

// Name is the component's in the configuration.
func (p *Platform) Name() string { return "" }

// AppID is the component's.
func (p *Platform) AppID() string { return "" }

// Authorisation is what a platform holds of an account that authorised it, without its secrets.
type Authorisation struct {
	AppID         string          `json:"app_id"`
	Since         time.Time       `json:"since"` // of the grant
	Sets          []int           `json:"sets"`  // permission sets (权限集) that were granted
	IsMiniProgram bool            `json:"is_mini_program"`
	Name          string          `json:"name,omitempty"`      // nick_name
	UserName      string          `json:"user_name,omitempty"` // gh_…
	Generation    string          `json:"-"`                   // another one for each grant: what was made for an older one is not to be used
	Settings      json.RawMessage `json:"-"`                   // alias, key and account options that somebody set by hand; nil: none
}

// ChangeKind says what happened to an authorisation.
type ChangeKind string

// The kinds of changes.
const (
	Authorised ChangeKind = "authorized"       // anew, or again
	Updated    ChangeKind = "updateauthorized" // other permission sets
	Ended      ChangeKind = "unauthorized"
)

// Change is one change of an authorisation.
type Change struct {
	Kind ChangeKind
	At   time.Time // by WeChat's clock
	Authorisation
}

// Event is what WeChat pushes about an authorisation (InfoType authorized, updateauthorized, unauthorized).
type Event struct {
	Kind    ChangeKind
	AppID   string    // AuthorizerAppid
	Code    string    // AuthorizationCode; empty with Ended
	Created time.Time // CreateTime
}

// TakeTicket keeps a component_verify_ticket that was pushed; the newest by created wins. It returns when the ticket is durable, or
// as durable as the stores allow just now, which is no error.
func (p *Platform) TakeTicket(ctx context.Context, ticket string, created time.Time) error {
	return nil
}

// PreAuthCode fetches a pre_auth_code, good for one visit of WeChat's page.
func (p *Platform) PreAuthCode(ctx context.Context) (code string, life time.Duration, err error) {
	return "", 0, nil
}

// Authorise exchanges an authorization code, once however often and from wherever it comes, and keeps the authorisation.
func (p *Platform) Authorise(ctx context.Context, code string) (Authorisation, error) {
	return Authorisation{}, nil
}

// Happened does what a pushed event asks for. Events may be repeated, and may come out of order.
func (p *Platform) Happened(ctx context.Context, e Event) error { return nil }

// Authorisation gives what is held of an account: not older than a second, whichever process changed it. ErrNotAuthorised: nothing.
func (p *Platform) Authorisation(ctx context.Context, appID string) (Authorisation, error) {
	return Authorisation{}, ErrNotAuthorised
}

// Authorisations lists all, sorted by app id.
func (p *Platform) Authorisations(ctx context.Context) ([]Authorisation, error) { return nil, nil }

// Set keeps settings with an authorisation: a JSON object with alias, key and options of an account.
func (p *Platform) Set(ctx context.Context, appID string, settings json.RawMessage) error { return nil }

// Forget removes an authorisation here. WeChat is not told.
func (p *Platform) Forget(ctx context.Context, appID string) error { return nil }

// Source gives the access_token of an account that authorised the component (authorizer_access_token).
func (p *Platform) Source(appID string) source.Source { return nil }

// Call makes a call of the component itself, with its component_access_token, and once more where WeChat refuses the first.
func (p *Platform) Call(ctx context.Context, call func(token string) error) error { return nil }

// Reply sends a customer-service text with the token of a query_auth_code, as the test before 全网发布 wants it.
func (p *Platform) Reply(ctx context.Context, code, openid, text string) error { return nil }

// Standing tells how a Platform stands in this process. It fetches nothing.
type Standing struct {
	Ticket   time.Time // when the ticket came that is in use; zero: there is none
	Unsaved  int       // records that no store has taken yet
	Uncopied int       // records that the store has and the copy has not
	Token    credential.Status
}

// Standing tells how the Platform stands.
func (p *Platform) Standing() Standing { return Standing{} }

// Record is an authorisation with its secrets, for a backup: it is never shown, logged or sent.
type Record json.RawMessage

// Export gives everything that must not be lost.
func (p *Platform) Export(ctx context.Context) ([]Record, error) { return nil, nil }

// Import takes what Export gave; what is newer here stays.
func (p *Platform) Import(ctx context.Context, records []Record) (taken int, err error) {
	return 0, nil
}
