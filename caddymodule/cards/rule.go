package cards

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Rule is what is configured for a card.
type Rule struct {
	Listed bool // by its id, not by anyCard
	Values [field.Count]value.Value
}

// Sets tells whether a field is configured.
func (c *Rule) Sets(f field.Field) bool { return c.Values[f].Raw != "" }

// Resolve finds a field's value: the configured one, or else the client's if clients may send it.
func (c *Rule) Resolve(r *http.Request, f field.Field, client field.Text, accept field.Set) (string, error) {
	if c.Sets(f) {
		return c.Values[f].Eval(f, r)
	}
	if client.Absent() {
		return "", nil
	}
	if !accept.Has(f) {
		return "", problem.Newf(http.StatusForbidden, problem.ReasonFieldNotAllowed, "%s is not for clients to send here", f.Name())
	}
	return client.Check(f)
}

// Sending tells whether a field goes with a card.
func (c *Rule) Sending(f field.Field, accept field.Set) doctor.Sending {
	switch {
	case c.Sets(f):
		return doctor.Always
	case accept.Has(f):
		return doctor.Maybe
	}
	return doctor.Never
}

// OnlyNamed is the use of a card about which there is nothing to check but that it is there.
func OnlyNamed(*Rule) doctor.CardUse { return doctor.CardUse{} }
