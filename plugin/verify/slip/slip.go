// Package slip knows the mistakes that developers make when they sign, and makes them too.
package slip

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Slip is one way to sign wrongly.
type Slip struct {
	ID         report.ID
	field, got string   // of its finding
	variant    string   // tells slips apart that are one mistake
	groups     []string // two slips of one group do not go together
	alone      bool     // it goes together with none
	apply      func(*draft.Draft)
}

// New makes a slip: apply makes the mistake in a draft. field is the one that it is about, "" if it is about none. Two slips
// of one group do not go together.
func New(id report.ID, field string, apply func(*draft.Draft), groups ...string) *Slip {
	return &Slip{ID: id, field: field, groups: groups, apply: apply}
}

// Finding is what the slip is called.
func (s *Slip) Finding() report.Finding { return report.New(s.ID, s.field, s.got) }

// Apply makes the mistake.
func (s *Slip) Apply(d *draft.Draft) { s.apply(d) }

// Key names the slip in other items too.
func (s *Slip) Key() string {
	return strings.Join([]string{string(s.ID), s.field, s.variant}, "|")
}

// Excludes tells whether two slips do not go together.
func (s *Slip) Excludes(other *Slip) bool {
	return slices.ContainsFunc(s.groups, func(g string) bool { return slices.Contains(other.groups, g) })
}

// Got says what was found in its place.
func (s *Slip) Got(text string) *Slip {
	s.got = text
	return s
}

// As tells the slip apart from others of the same mistake.
func (s *Slip) As(variant string) *Slip {
	s.variant = variant
	return s
}

// IsAlone tells whether the slip is tried by itself only: it is too rare, or does too much, to meet another one.
func (s *Slip) IsAlone() bool { return s.alone }

// Alone has slips tried by themselves only.
func Alone(list ...*Slip) []*Slip {
	for _, s := range list {
		s.alone = true
	}
	return list
}

// Set signs another value.
func Set(id report.ID, name, value string) *Slip {
	return New(id, name, func(d *draft.Draft) { d.Set(name, value) }, name)
}

// Remove does not sign a value.
func Remove(id report.ID, name string) *Slip {
	return New(id, name, func(d *draft.Draft) {
		d.Values = slices.DeleteFunc(d.Values, func(v draft.Part) bool { return v.Name == name })
	}, name)
}

// Add signs a value that is none of those to sign.
func Add(id report.ID, name, value string) *Slip {
	return New(id, name, func(d *draft.Draft) {
		d.Values = append(d.Values, draft.Part{Name: name, Value: value})
	}, name)
}

// draftSlip changes how the text is put together.
func draftSlip(id report.ID, variant string, apply func(*draft.Draft), groups ...string) *Slip {
	return New(id, "", apply, groups...).As(variant)
}
