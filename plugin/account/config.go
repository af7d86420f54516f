package account

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Config is what the credentials of an account are made of.
type Config struct {
	AppID        string           // of the official account that created the cards, or of the mini program
	AppSecret    string           // of the same
	SealSecret   string           // what is shared through the Store is sealed with where there is no AppSecret; without both nothing is shared
	TokenSource  TokenSource      // default Stable; without meaning when there is a Token
	Token        source.Source    // who keeps the access_token; nil: TokenSource says
	Tickets      source.Source    // who keeps the tickets; nil: WeChat gives them for the access_token
	ForceRefresh bool             // whether forced refreshes may be spent on a token that WeChat refuses
	APIURL       string           // first base URL of the API: part of the credentials' name
	Client       *wechat.Client   // required
	MiniProgram  bool             // it is a mini program (小程序): there are no tickets
	Store        credential.Store // nil: credentials are not shared and do not survive a restart
	Logger       *slog.Logger     // nil: silent
	Now          func() time.Time // required

	Offset     func() time.Duration       // how far WeChat's clock is ahead of ours
	LearnClock func(context.Context) bool // asks WeChat for the time, so that Offset is known, and tells whether it is
	Observe    func(credential.Event)

	guest bool // see Guest
}

// Source is where access_tokens come from.
func (c Config) Source() TokenSource {
	if c.Token != nil {
		return TokenSource(c.Token.Name())
	}
	return cmp.Or(c.TokenSource, Stable)
}

// Seal is the secret that what lies in the Store is sealed with; empty: nothing does.
func (c Config) Seal() string { return cmp.Or(c.AppSecret, c.SealSecret) }

// ID names the credentials: whoever has the same shares them.
func (c Config) ID() credential.ID {
	id := credential.ID{BaseURL: c.APIURL, AppID: c.AppID, Source: string(c.Source())}
	if c.Token != nil {
		id.Token = c.Token.ID()
	}
	if c.Tickets != nil {
		id.Tickets = c.Tickets.ID()
	}
	return id
}

// owners names those who keep credentials for us.
func (c Config) owners() map[credential.Kind]credential.Source {
	if c.Token == nil && c.Tickets == nil {
		return nil
	}
	owners := make(map[credential.Kind]credential.Source)
	if c.Token != nil {
		owners[credential.AccessToken] = c.Token.Name()
	}
	if c.Tickets != nil {
		owners[credential.APITicket], owners[credential.JSAPITicket] = c.Tickets.Name(), c.Tickets.Name()
	}
	return owners
}
