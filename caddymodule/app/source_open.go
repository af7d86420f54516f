package app

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// openSources makes what gives the account's credentials in WeChat's place, each nil where WeChat gives them. client is how
// they are called. It calls nobody; App.Cleanup closes them.
func (a *Account) openSources(name string, client wechat.Config) (token, tickets source.Source, err error) {
	observe := func(api string, err error, took time.Duration) { observe.Metrics().Called(name, api, err, took) }
	if from := a.TokenSource.Name(); from == plugin.Remote {
		token, err = a.TokenSource.openRemote(false, client, observe)
	} else if from == plugin.Redis {
		token, err = a.TokenSource.openRedis(client, observe)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("token_source: %w", err)
	}
	if token != nil {
		a.sources = append(a.sources, token)
	}
	if a.TicketSource == nil {
		return token, nil, nil
	}
	if tickets, err = a.TicketSource.openRemote(true, client, observe); err != nil {
		return nil, nil, fmt.Errorf("ticket_source: %w", err)
	}
	a.sources = append(a.sources, tickets)
	return token, tickets, nil
}

func (r RemoteSource) openRemote(tickets bool, client wechat.Config, observe source.Observe) (source.Source, error) {
	cfg := source.RemoteConfig{
		Tickets: tickets, Field: r.Field, ExpiresField: r.ExpiresField, Header: make(map[string]string, len(r.Header)),
		Timeout: client.Timeout, RootCAs: client.RootCAs, Connections: client.Connections, Observe: observe,
	}
	var err error
	if cfg.URL, err = words.Expand(r.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	for field, value := range r.Header {
		if cfg.Header[field], err = words.Expand(value); err != nil {
			return nil, fmt.Errorf("header %s: %w", field, err)
		}
	}
	remote, err := source.NewRemote(cfg)
	if err != nil {
		return nil, err
	}
	return remote, nil
}

func (a *Account) closeSources() {
	for _, s := range a.sources {
		s.Close()
	}
}

// owners names who gives the account's credentials in WeChat's place.
func (a *Account) owners() []credential.Source {
	names := make([]credential.Source, 0, len(a.sources))
	for _, s := range a.sources {
		names = append(names, s.Name())
	}
	return names
}
