// Package platform is a third-party platform (第三方平台): one component, the accounts that authorised it, and what must never be
// lost of both: the verify ticket and each account's refresh token.
//
// Where to read on: config.go has what a Platform is made of, record.go what is kept of an account, ticket.go the verify ticket,
// token.go the component_access_token, authorise.go how an authorization code becomes an authorisation, describe.go whose it
// is, events.go what WeChat pushes of one, refresh.go the accounts' access_tokens, seek.go how what was lost is found again, background.go what goes on by itself,
// backup.go export and import. Package vault in it keeps what must not be lost.
package platform

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// ErrNotAuthorised says that an account has not authorised the component, or has taken that back.
var ErrNotAuthorised = errors.New("the account has not authorised this component")

// Platform is one component under one configuration. Any number of goroutines may use it.
type Platform struct {
	cfg   Config
	state *State
	clock *clock.Clock
	core  *account.Core // keeps the component_access_token

	vault   *vault.Vault
	records *vault.Shelf // of authorisations, by app id
	events  *vault.Shelf // what is to be done still, by a hash
	codes   *vault.Shelf // what codes have brought, by a hash of them
	own     *vault.Shelf // the component's: its ticket

	background background
}

// New makes a Platform upon a State. It calls nobody and starts nothing. Stop must be called when the configuration ends, even if
// Start never was.
func New(cfg Config, state *State) (*Platform, error) {
	cfg = cfg.withDefaults()
	p := &Platform{cfg: cfg, state: state, clock: clock.New(cfg.Client, cfg.Now, &state.clock)}
	var err error
	p.vault, err = vault.New(vault.Config{
		Memory: state.vault, Store: cfg.Store, Copy: cfg.Copy, Dir: "wechat_card/" + SharedKey(cfg) + "/platform",
		Secrets: append(slices.Clone(cfg.SealKeys), cfg.AppSecret), Logger: cfg.Logger, Now: cfg.Now,
	})
	if err != nil {
		return nil, err
	}
	p.records, p.events = p.vault.Shelf("authorisations", true), p.vault.Shelf("events", false)
	p.codes, p.own = p.vault.Shelf("codes", false), p.vault.Shelf("component", true)
	if p.core, err = account.New(p.coreConfig(), state.credentials); err != nil {
		return nil, err
	}
	p.background.init()
	return p, nil
}

// Start makes this configuration the current one, and keeps what it must in the background.
func (p *Platform) Start() {
	p.state.delayStart(p.clock.Now())
	p.core.Start(credential.AccessToken)
	p.background.work.Go(p.keep)
	p.background.work.Go(p.tend)
}

// Stop ends what Start began and waits for it: what is under way gets two seconds, and the call of it that is under way then two more.
func (p *Platform) Stop() {
	p.background.stop() // first: it may want a token
	p.core.Stop()
}

// Name is the component's in the configuration.
func (p *Platform) Name() string { return p.cfg.Name }

// AppID is the component's.
func (p *Platform) AppID() string { return p.cfg.AppID }

// SealSecret is what an account that authorised the component seals its own records and cookies with: another one for each account,
// derived from the present seal key.
func (p *Platform) SealSecret(appID string) string {
	secret, err := hkdf.Key(sha256.New, []byte(append(slices.Clone(p.cfg.SealKeys), p.cfg.AppSecret)[0]), nil, "caddy-wechat-card: account "+appID, 32)
	if err != nil {
		panic(err) // the length is one that there is
	}
	return hex.EncodeToString(secret)
}

// appIDs are WeChat's. Nothing else becomes a key.
var appIDs = regexp.MustCompile(`^wx[0-9a-f]{16}$`)

// Authorisation gives what is held of an account: not older than a second, whichever process changed it. ErrNotAuthorised: nothing.
// Another error says that it cannot be told now. Where nothing was ever known of the account, WeChat's list is looked through in the
// background, at most once a minute: a store may have lost it.
func (p *Platform) Authorisation(ctx context.Context, appID string) (Authorisation, error) {
	r, err := p.record(ctx, appID)
	if errors.Is(err, errNothing) {
		p.missed()
		return Authorisation{}, ErrNotAuthorised
	}
	if err != nil {
		return Authorisation{}, err
	}
	if !r.Described {
		r = p.describe(ctx, r)
	}
	return r.authorisation(), nil
}

// record gives what the store has of an account that authorised the component.
func (p *Platform) record(ctx context.Context, appID string) (record, error) {
	if !appIDs.MatchString(appID) {
		return record{}, ErrNotAuthorised
	}
	if e, ok := p.state.looked.Get(appID); ok && p.cfg.Now().Sub(e.at).Abs() < lookLife {
		return e.record()
	}
	e, err := p.records.Get(ctx, appID)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return record{}, err
	}
	found := looked{text: e.Text, at: p.cfg.Now()}
	p.state.looked.Add(appID, found)
	r, err := found.record()
	p.state.count(appID, err == nil && r.Refused == nil)
	return r, err
}

// Authorisations lists all, sorted by app id.
func (p *Platform) Authorisations(ctx context.Context) ([]Authorisation, error) {
	records, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Authorisation, 0, len(records))
	for _, r := range records {
		if r.alive() {
			list = append(list, r.authorisation())
		}
	}
	return list, nil
}

// Set keeps settings with an authorisation: a JSON object with alias, key and options of an account; nil: none.
func (p *Platform) Set(ctx context.Context, appID string, settings json.RawMessage) error {
	var object map[string]json.RawMessage
	if settings != nil && (json.Unmarshal(settings, &object) != nil || object == nil) {
		return errors.New("the settings are no JSON object")
	}
	_, err := p.change(ctx, appID, func(r *record, err error) error {
		if errors.Is(err, errNothing) || err == nil && !r.alive() {
			err = ErrNotAuthorised
		}
		if err == nil {
			r.Settings = settings
		}
		return err
	})
	return err
}

// Forget removes an authorisation here. WeChat is not told. One that is granted later counts again.
func (p *Platform) Forget(ctx context.Context, appID string) error {
	return p.end(ctx, appID, p.clock.Now(), true, false)
}

// Call makes a call of the component itself, with its component_access_token, and once more where WeChat refuses the first.
func (p *Platform) Call(ctx context.Context, call func(token string) error) error {
	return p.core.Call(ctx, call)
}

// callAs is Call for the calls of package wechat.
func (p *Platform) callAs(ctx context.Context, call func(wechat.Component) error) error {
	return p.core.Call(ctx, func(token string) error { return call(wechat.Component{AppID: p.cfg.AppID, Token: token}) })
}

// PreAuthCode fetches a pre_auth_code, good for one visit of WeChat's page. Visitors cause these calls, so they are bounded: past the
// limit it fails with *limit.Busy.
func (p *Platform) PreAuthCode(ctx context.Context) (code string, life time.Duration, err error) {
	err = p.state.preAuth.DoShared(ctx, func() error {
		return p.callAs(ctx, func(of wechat.Component) (err error) {
			code, life, err = p.cfg.Client.PreAuthCode(ctx, of)
			return err
		})
	})
	return code, life, err
}

// ErrUnreadable says that what is kept of an account cannot be opened: it is damaged, or sealed with a key that is not configured any more.
var ErrUnreadable = vault.ErrForeign

// Standing tells how a Platform stands in this process. It fetches nothing.
type Standing struct {
	Ticket         time.Time // when the ticket came that is in use; zero: there is none
	Unsaved        int       // records that no store has taken yet
	Uncopied       int       // records that one store has and the other has not
	Unreadable     int       // records that cannot be opened: damaged, or sealed with a key that is gone
	Authorisations int       // of which this process knows, without those that WeChat refuses; once it has started, all
	Token          credential.Status
}

// Standing tells how the Platform stands.
func (p *Platform) Standing() Standing {
	kept := p.vault.Standing()
	return Standing{
		Ticket: p.state.ticketTime(), Unsaved: kept.Unsaved, Uncopied: kept.Uncopied, Unreadable: kept.Foreign,
		Authorisations: p.state.counted(), Token: p.core.Status(credential.AccessToken),
	}
}
