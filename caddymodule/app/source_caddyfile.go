package app

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// unmarshalCaddyfile reads the subdirective token_source. Syntax:
//
//	token_source stable|classic|none
//	token_source redis <url> <key> {
//		field         <name>
//		expires_field <name>
//	}
//	token_source remote <url> {
//		header        <field> <value>
//		field         <name>
//		expires_field <name>
//	}
func (t *TokenSource) unmarshalCaddyfile(d *caddyfile.Dispenser) error {
	name := d.Val()
	if t.Source != "" {
		return words.AlreadySpecified(d, name)
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
		t.URL, t.Key = args[0], args[1]
		if t.Key == "" {
			return d.Errf("token_source: the key is empty")
		}
		if err = t.unmarshalFields(d); err != nil {
			return err
		}
		err = t.checkRedis()
	case t.Name().NeedsSecret() && len(args) == 0, t.Name() == plugin.None && len(args) == 0:
	default:
		return d.ArgErr()
	}
	if err != nil {
		return d.Errf("token_source: %v", err)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		return words.Unrecognized(d)
	}
	return nil
}

// unmarshalFields reads the block of a token in Redis.
func (t *TokenSource) unmarshalFields(d *caddyfile.Dispenser) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		var err error
		switch d.Val() {
		case "field":
			err = words.OneValue(d, &t.Field)
		case "expires_field":
			err = words.OneValue(d, &t.ExpiresField)
		default:
			err = words.Unrecognized(d, "field", "expires_field")
		}
		if err != nil {
			return err
		}
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
		return words.AlreadySpecified(d, name)
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
			err = words.OneValue(d, &r.Field)
		case "expires_field":
			err = words.OneValue(d, &r.ExpiresField)
		default:
			err = words.Unrecognized(d, "header", "field", "expires_field")
		}
		if err != nil {
			return err
		}
	}
	if words.IsDynamic(r.URL) {
		return nil
	}
	header := maps.Clone(r.Header)
	maps.DeleteFunc(header, func(_, value string) bool { return words.IsDynamic(value) })
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
			return words.AlreadySpecified(d, "header "+field)
		}
	}
	if r.Header == nil {
		r.Header = make(map[string]string)
	}
	r.Header[field] = value
	return nil
}
