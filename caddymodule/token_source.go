package caddymodule

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TokenSource says where access_tokens come from. In JSON it is a string when `source` says all there is to say: `"classic"`
// is `{"source": "classic"}`.
type TokenSource struct {
	// `stable` is WeChat's stable_token call, which leaves the tokens of other systems alone; `classic` is its token call,
	// which ends the token that any other system fetched before. With `remote` somebody else keeps the token and hands it out
	// over HTTP: a third-party platform (第三方平台), a central server (中控服务器), another gateway. With `redis` it lies in
	// the Redis of another system. With `none` calls carry no token: WeChat's cloud hosting (微信云托管) puts it in on the way.
	// Only stable and classic need the account's app_secret. Default: stable.
	Source string `json:"source,omitempty"`

	RemoteSource

	// With `redis`: the key that the token lies at, as a string: the token itself, or JSON with the member `access_token`. Its
	// TTL is how long the token lives; a key without one is looked at again after five minutes at most. The URL is that of one
	// server, as in the store `redis`.
	Key string `json:"key,omitempty"`
}

// TicketSource says who keeps the account's api_ticket and jsapi_ticket, if WeChat's getticket is not to be had.
type TicketSource struct {
	// `remote`: somebody else keeps the tickets and hands them out over HTTP. The URL gets the parameter `type=wx_card` for the
	// api_ticket and `type=jsapi` for the jsapi_ticket, as WeChat's getticket does.
	Source string `json:"source,omitempty"`

	RemoteSource
}

// RemoteSource is where somebody hands out a credential over HTTP: it is asked by GET and answers with JSON. Redirects are
// not followed. Calls go by the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment name, whatever `proxy` says.
type RemoteSource struct {
	// The URL. When WeChat refuses a token, the next call names it in the parameter `rejected_token`, so that the owner can tell
	// a complaint about the present token from a late one about the token before.
	URL string `json:"url,omitempty"`

	// Header fields to send.
	Header map[string]string `json:"header,omitempty"`

	// The field of the answer that holds the credential; `data.access_token` is the field access_token of the object data.
	// Default: `access_token`, or `ticket` for tickets.
	Field string `json:"field,omitempty"`

	// The field of the answer that says how many seconds are left of it. Without that field in the answer it is asked again after
	// five minutes at most. Default: `expires_in`.
	ExpiresField string `json:"expires_field,omitempty"`
}

// tokenSources lists what TokenSource.Source can be.
var tokenSources = []string{
	string(plugin.Stable), string(plugin.Classic), string(plugin.Remote), string(plugin.Redis), string(plugin.None),
}

// tokenSourceObject is TokenSource without its methods.
type tokenSourceObject TokenSource

// UnmarshalJSON implements json.Unmarshaler.
func (t *TokenSource) UnmarshalJSON(data []byte) error {
	var name string
	if json.Unmarshal(data, &name) == nil {
		*t = TokenSource{Source: name}
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode((*tokenSourceObject)(t)); err != nil {
		return fmt.Errorf("token_source: %w", err)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (t TokenSource) MarshalJSON() ([]byte, error) {
	if t.URL == "" && t.Key == "" && t.RemoteSource.isBare() {
		return json.Marshal(t.Source)
	}
	return json.Marshal(tokenSourceObject(t))
}

// name is where tokens come from.
func (t TokenSource) name() plugin.TokenSource {
	if t.Source == "" {
		return plugin.Stable
	}
	return plugin.TokenSource(t.Source)
}

// isBare tells whether nothing is set beside the URL.
func (r RemoteSource) isBare() bool {
	return len(r.Header) == 0 && r.Field == "" && r.ExpiresField == ""
}

// check finds what is missing or has no business there.
func (t TokenSource) check() error {
	name := t.name()
	hasURL := name == plugin.Remote || name == plugin.Redis
	switch {
	case !slices.Contains(tokenSources, string(name)):
		return fmt.Errorf("token_source is %s, not %q", strings.Join(tokenSources, " or "), name)
	case hasURL && t.URL == "":
		return fmt.Errorf("token_source %s needs a url", name)
	case !hasURL && t.URL != "":
		return fmt.Errorf("token_source %s takes no url", name)
	case name == plugin.Redis && t.Key == "":
		return fmt.Errorf("token_source %s needs a key", name)
	case name != plugin.Redis && t.Key != "":
		return fmt.Errorf("token_source %s takes no key", name)
	case name != plugin.Remote && !t.RemoteSource.isBare():
		return fmt.Errorf("token_source %s takes no header, field or expires_field", name)
	}
	return nil
}

// check finds what is missing.
func (t TicketSource) check() error {
	switch {
	case t.Source != string(plugin.Remote):
		return fmt.Errorf("ticket_source is %s, not %q", plugin.Remote, t.Source)
	case t.URL == "":
		return fmt.Errorf("ticket_source %s needs a url", t.Source)
	}
	return nil
}

// openSources makes what gives the account's credentials in WeChat's place, each nil where WeChat gives them. client is how
// WeChat is called. It calls nobody; App.Cleanup closes them.
func (a *Account) openSources(name string, client wechat.Config) (token, tickets source.Source, err error) {
	observe := func(api string, err error, took time.Duration) { metrics().called(name, api, err, took) }
	if from := a.TokenSource.name(); from == plugin.Remote {
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
		Timeout: client.Timeout, RootCAs: client.RootCAs, Observe: observe,
	}
	var err error
	if cfg.URL, err = expand(r.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	for field, value := range r.Header {
		if cfg.Header[field], err = expand(value); err != nil {
			return nil, fmt.Errorf("header %s: %w", field, err)
		}
	}
	remote, err := source.NewRemote(cfg)
	if err != nil {
		return nil, err
	}
	return remote, nil
}

func (t TokenSource) openRedis(client wechat.Config, observe source.Observe) (source.Source, error) {
	routeRedisLog()
	url, err := expand(t.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	cfg := source.RedisConfig{Server: redisstore.Config{URLs: []string{url}}, Observe: observe}
	if cfg.Key, err = expand(t.Key); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if client.RootCAs != nil && strings.HasPrefix(url, "rediss://") {
		cfg.Server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: client.RootCAs}
	}
	redis, err := source.NewRedis(cfg)
	if err != nil {
		return nil, err
	}
	return redis, nil
}

// literalSecrets names the secrets that stand in the configuration as they are; what is what they belong to.
func (r RemoteSource) literalSecrets(what string) []string {
	var names []string
	if hasLiteralPassword(r.URL) {
		names = append(names, "password in the url of "+what)
	}
	for _, field := range slices.Sorted(maps.Keys(r.Header)) {
		if !isDynamic(r.Header[field]) {
			names = append(names, "header "+field+" of "+what)
		}
	}
	return names
}

// unmarshalCaddyfile reads the subdirective token_source. Syntax:
//
//	token_source stable|classic|none
//	token_source redis <url> <key>
//	token_source remote <url> {
//		header        <field> <value>
//		field         <name>
//		expires_field <name>
//	}
func (t *TokenSource) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	name := d.Val()
	if t.Source != "" {
		return alreadySpecified(d, name)
	}
	if !d.Args(&t.Source) {
		return d.ArgErr()
	}
	if !slices.Contains(tokenSources, t.Source) {
		return d.Errf("token_source is %s, not '%s'", strings.Join(tokenSources, " or "), t.Source)
	}
	var err error
	switch args := d.RemainingArgs(); {
	case t.Source == string(plugin.Remote) && len(args) == 1:
		t.URL = args[0]
		return t.RemoteSource.unmarshalBlock(d, name, false)
	case t.Source == string(plugin.Redis) && len(args) == 2:
		if t.URL, t.Key = args[0], args[1]; !isDynamic(t.URL) {
			err = redisstore.Config{URLs: args[:1]}.Check()
		}
		if t.Key == "" {
			err = errors.New("the key is empty")
		}
	case t.name().NeedsSecret() && len(args) == 0, t.name() == plugin.None && len(args) == 0:
	default:
		return d.ArgErr()
	}
	if err != nil {
		return d.Errf("token_source: %v", err)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		return d.Errf("unrecognized subdirective '%s'", d.Val())
	}
	return nil
}

// unmarshalTicketSource reads the subdirective ticket_source. Syntax:
//
//	ticket_source remote <url> {
//		header        <field> <value>
//		field         <name>
//		expires_field <name>
//	}
func (a *Account) unmarshalTicketSource(d *caddyfile.Dispenser) error {
	name := d.Val()
	if a.TicketSource != nil {
		return alreadySpecified(d, name)
	}
	a.TicketSource = new(TicketSource)
	if !d.AllArgs(&a.TicketSource.Source, &a.TicketSource.URL) {
		return d.ArgErr()
	}
	if a.TicketSource.Source != string(plugin.Remote) {
		return d.Errf("ticket_source is %s, not '%s'", plugin.Remote, a.TicketSource.Source)
	}
	return a.TicketSource.unmarshalBlock(d, name, true)
}

// unmarshalBlock reads the block of a remote source and checks what can be checked.
func (r *RemoteSource) unmarshalBlock(d *caddyfile.Dispenser, what string, tickets bool) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		var err error
		switch name := d.Val(); name {
		case "header":
			err = r.unmarshalHeader(d)
		case "field":
			err = oneValue(d, &r.Field)
		case "expires_field":
			err = oneValue(d, &r.ExpiresField)
		default:
			err = d.Errf("unrecognized subdirective '%s'", name)
		}
		if err != nil {
			return err
		}
	}
	if isDynamic(r.URL) {
		return nil
	}
	header := maps.Clone(r.Header)
	maps.DeleteFunc(header, func(_, value string) bool { return isDynamic(value) })
	_, err := source.NewRemote(source.RemoteConfig{
		URL: r.URL, Header: header, Tickets: tickets, Field: r.Field, ExpiresField: r.ExpiresField,
	})
	if err != nil {
		return d.Errf("%s: %v", what, err)
	}
	return nil
}

func (r *RemoteSource) unmarshalHeader(d *caddyfile.Dispenser) error {
	var field, value string
	if !d.AllArgs(&field, &value) {
		return d.ArgErr()
	}
	if value == "" {
		return d.Errf("header %s is empty", field)
	}
	for other := range r.Header {
		if http.CanonicalHeaderKey(other) == http.CanonicalHeaderKey(field) {
			return alreadySpecified(d, "header "+field)
		}
	}
	if r.Header == nil {
		r.Header = make(map[string]string)
	}
	r.Header[field] = value
	return nil
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

// Interface guards
var (
	_ json.Unmarshaler = (*TokenSource)(nil)
	_ json.Marshaler   = TokenSource{}
)
