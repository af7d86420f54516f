package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
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

	// With `redis`: the key that the token lies at: as a string, which is the token itself, JSON or what PHP's serialize writes,
	// or in a hash. Its TTL is when it is looked at again, after 60 s if it has none; the last token that was there serves until
	// WeChat refuses it, two hours at most. The URL is that of one server, as in the store `redis`.
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

	// The field that holds the credential, of the answer, or of the object, array or hash in Redis; `data.access_token` is the
	// field access_token of the object data. Default: `access_token`, or `ticket` for tickets.
	Field string `json:"field,omitempty"`

	// The field that says how many seconds are left of it, or at which moment it ends: in seconds or milliseconds since 1970, or
	// as RFC 3339 has it. Without that field in the answer it is asked again after five minutes at most. In Redis it says when to
	// look again, where that is before the end of the key's TTL. Default: `expires_in`; none in Redis.
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

// Name is where tokens come from.
func (t TokenSource) Name() plugin.TokenSource {
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
	name := t.Name()
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
	case name == plugin.Redis && len(t.Header) > 0:
		return fmt.Errorf("token_source %s takes no header", name)
	case !hasURL && !t.RemoteSource.isBare():
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

// literalSecrets names the secrets that stand in the configuration as they are; what is what they belong to.
func (r RemoteSource) literalSecrets(what string) []string {
	var names []string
	if words.HasLiteralPassword(r.URL) {
		names = append(names, "password in the url of "+what)
	}
	for _, field := range slices.Sorted(maps.Keys(r.Header)) {
		if !words.IsDynamic(r.Header[field]) {
			names = append(names, "header "+field+" of "+what)
		}
	}
	return names
}

// Interface guards
var (
	_ json.Unmarshaler = (*TokenSource)(nil)
	_ json.Marshaler   = TokenSource{}
)
