// Package plugin is the gateway itself, without Caddy: one Account for each official account (公众号), with the
// operations that a site's actions call.
//
// It is the top floor. Below it lies the core, account, which keeps an account's credentials and makes calls with them,
// and a package for each thing that an account can do, of which none knows another. Below these, each package knows one
// thing: card signs, credential keeps access_token and tickets, wechat speaks to WeChat, push reads what WeChat pushes,
// dedupe does once what comes again, sandbox stands in for WeChat. None of them, and nothing here, imports Caddy.
package plugin

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/activation"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cardadmin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/h5"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/lending"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/login"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/messages"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/relay"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/signer"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Account is one official account under one configuration, or one mini program, which has an access_token and no tickets. Its operations may be called at any time, before Start
// and after Stop too, by any number of goroutines.
//
// They fail with *credential.Unavailable when there is no usable credential, with *limit.Busy when a bound of ours is
// reached, with *wechat.Error when WeChat refused or failed the very call that was needed, and with *wechat.ForeignToken for
// a call that wants the access_token of the other kind of account.
type Account struct {
	*account.Core        // Credential, Refresh, Status, CheckCredential, AppID; Call, CallWithin, CallAgain
	*signer.Signer       // AddCard, CardSigner
	*h5.Pages            // JSConfig, ChooseCard
	*codes.Codes         // DecryptCode, DecryptTicketCode
	*component.Component // MemberCardComponent
	*activation.Members  // TempInfo, OwnTicket, ActivateMember, MemberUserInfo
	*login.Users         // Login, PhoneNumber, CheckMiniProgram, MiniProgramID
	*oauth.Visitors      // CheckOAuth, AuthorizeURL, BeginAttempt, OpenAttempt, WebVisitor, SealSession, OpenSession
	*lending.Lender      // Lend, LendToken, ForceToken, RejectToken, KnowsToken, HasAppSecret, IsAppSecret
	*relay.Relayer       // Relay, CheckPath
	*messages.Inbox      // OpenPush, DeliverPush, SealPush, PushWithUserInfo, CheckPush, CheckMessagePush, KeepPush, KeptPush, KeptPushes
	*cardadmin.Cards     // Card, CreateCard, UpdateCard, SetActivateForm, SetTestWhitelist, Colours
	*doctor.Doctor       // CheckHosts, CheckCredentials, CheckRights, CheckQuota, CheckCard

	clock *clock.Clock // WeChatTime
	cfg   AccountConfig
	state *State
}

// NewAccount makes an Account upon a State, which must be the one of the configuration's SharedKey. It calls nobody
// and starts nothing. Stop must be called when the configuration ends, even if Start never was.
func NewAccount(cfg AccountConfig, state *State) (*Account, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &Account{clock: clock.New(cfg.Client, cfg.Now, &state.clock), cfg: cfg, state: state}
	whose := wechat.OfficialAccount
	if cfg.IsMiniProgram {
		whose = wechat.MiniProgram
	}
	cfg.Client = cfg.Client.Of(whose)
	a.cfg.Client = cfg.Client
	settings := cfg.core()
	settings.Offset, settings.LearnClock = a.clock.Offset, a.clock.Learn
	var err error
	if a.Core, err = account.New(settings, state.credentials); err != nil {
		return nil, err
	}
	a.Signer = signer.New(a.Core.Credential, a.clock.Now)
	a.Pages = h5.New(cfg.AppID, a.Core.Credential, a.clock.Now)
	a.Codes = codes.New(a.Caller, cfg.Client, cfg.Now, state.codes)
	a.Component = component.New(a.Caller, cfg.Client, cfg.Now, state.component)
	a.Members = activation.New(activation.Config{Caller: a.Caller, Client: cfg.Client, Now: cfg.Now, Logger: cfg.Logger}, state.activation)
	a.Users = login.New(cfg.Client, cfg.MiniPrograms, cfg.Now, state.login).WithPhones(login.Phones{Ask: a.askPhone, Now: a.clock.Now})
	if cfg.Component != nil {
		a.Users.WithPlatform(cfg.componentLogin)
	}
	a.Visitors = oauth.New(oauth.Config{
		Client:     cfg.Client,
		AppID:      cfg.AppID,
		AppSecret:  cfg.AppSecret,
		SealSecret: settings.Seal(),
		Component:  cfg.componentID(),
		WebLogin:   cfg.webLogin(),
		OpenURL:    cfg.OpenURL,
		Limit:      state.login.Bucket(),
		Store:      cfg.Store,
		Prefix:     "wechat_card/" + SharedKey(cfg) + "/oauth",
		Logger:     cfg.Logger,
		Now:        cfg.Now,
		WeChatTime: a.clock.Now,
	}, state.oauth)
	a.Lender = lending.New(lending.Config{
		Keeper:    a.Keeper,
		Env:       a.Env(),
		AppSecret: cfg.AppSecret,
		Force:     settings.Source() == Stable && settings.ForceRefresh,
		Classic:   settings.Source() == Classic,
		Probe: func(ctx context.Context, token string) error {
			_, err := cfg.Client.Quota(ctx, token, "/cgi-bin/ticket/getticket") // which counts against no quota
			return err
		},
	}, state.lending)
	a.Relayer = relay.New(a.Caller, cfg.Client)
	if a.Inbox, err = messages.New(messages.Config{
		Push:   cfg.MessagePush,
		AppID:  cfg.AppID,
		Clock:  a.clock,
		Member: a.MemberUserInfo,
		Store:  cfg.Store,
		Prefix: "wechat_card/" + SharedKey(cfg),
		Logger: cfg.Logger,
		Now:    cfg.Now,
		Pushed: cfg.Pushed,
	}, state.messages); err != nil {
		return nil, fmt.Errorf("message_push: %w", err)
	}
	a.Cards = cardadmin.New(a.Caller, cfg.Client)
	a.Doctor = doctor.New(doctor.Config{
		AppID:          cfg.AppID,
		AppSecret:      cfg.AppSecret,
		Source:         settings.Source(),
		ForeignTickets: cfg.Tickets != nil,
		MiniProgram:    cfg.IsMiniProgram,
		Shared:         cfg.Store != nil,
		Client:         cfg.Client,
		Caller:         a.Caller,
		Credentials:    a.Core,
		Card:           a.Card,
		Now:            cfg.Now,
		WeChatTime:     a.clock.Now,
	})
	return a, nil
}

// Name is the account's in the configuration, for logs.
func (a *Account) Name() string { return a.cfg.Name }

// IsMiniProgram tells whether it is a mini program.
func (a *Account) IsMiniProgram() bool { return a.cfg.IsMiniProgram }

// Callers is who may use what relay and credentials lend of the account; nil: whoever the routes let.
func (a *Account) Callers() *Callers { return a.cfg.Callers }

// MiniProgram gives a mini program of the account's by its app id, or with "" the first one.
func (a *Account) MiniProgram(appID string) (*Account, error) {
	id, err := a.MiniProgramID(appID)
	if err != nil {
		return nil, err
	}
	if a.cfg.Program != nil {
		if program := a.cfg.Program(id); program != nil {
			return program, nil
		}
	}
	return nil, fmt.Errorf("mini_program %s has no credentials of its own", id)
}

// MiniPrograms gives the mini programs of the account that have credentials of their own.
func (a *Account) MiniPrograms() (programs []*Account) {
	for _, mp := range a.cfg.MiniPrograms {
		if program, err := a.MiniProgram(mp.AppID); err == nil {
			programs = append(programs, program)
		}
	}
	return programs
}

// askPhone is login.Phones.Ask: a mini program asks by itself, with its access_token.
func (a *Account) askPhone(ctx context.Context, miniProgram string, within *limit.Bucket, code string) (phone wechat.Phone, err error) {
	program, err := a.MiniProgram(miniProgram)
	if err != nil {
		return phone, err
	}
	err = program.CallWithin(ctx, within, func(token string) (err error) {
		phone, err = program.cfg.Client.PhoneNumber(ctx, token, code)
		return err
	})
	return phone, err
}

// Guest gives an Account of the same configuration for a process beside the one that serves: a command. It takes what is
// shared through the Store and leaves nothing there, neither values nor locks; it never forces a refresh; and with token
// source Classic it fetches no access_token, for that would end the other process's. Both have to be stopped.
func (a *Account) Guest() (*Account, error) {
	cfg := a.cfg
	cfg.guest, cfg.MessagePush, cfg.Pushed = true, push.Config{}, nil
	return NewAccount(cfg, a.state)
}

// Start makes this configuration the current one and keeps the credentials of the given kinds warm in the background.
func (a *Account) Start(warm ...credential.Kind) {
	a.state.limit(a.cfg)
	a.Core.Start(warm...)
	a.Inbox.Start()
}

// Stop ends what Start began and waits for it, two seconds at the most; the configuration that started before is
// current again. Values stay in the State.
func (a *Account) Stop() {
	var wg sync.WaitGroup
	wg.Go(a.Inbox.Stop)
	wg.Go(a.StopOAuth)
	a.Core.Stop()
	wg.Wait()
}

// WeChatTime is the present second by WeChat's clock, as signatures have it.
func (a *Account) WeChatTime() time.Time { return a.clock.Now() }
