package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// Find gives the account of a name that no configured account has: an app id, or an alias. ErrUnknown: there is none, whatever the
// name looks like, or so many were looked for in vain that nobody looks just now. client is the network that asks, as limit.Network
// gives it, of which the same is true by itself; empty: one that is held to no share. Another error says that it cannot be told now.
func (d *Directory) Find(ctx context.Context, name, client string) (Entry, error) {
	if !object.IsName(name) || d.taken(name) {
		return Entry{}, ErrUnknown
	}
	v := &visit{d: d, name: name, client: client}
	e, err := d.find(ctx, v, name)
	if v.looked && !v.known && isVain(err) {
		d.bounds.charge(d.now(), client)
	}
	return e, err
}

// isVain tells whether a source was asked in vain, and has answered.
func isVain(err error) bool {
	_, isBroken := errors.AsType[*Broken](err)
	return isBroken || errors.Is(err, ErrUnknown)
}

// Refresh is Find for an operator: nothing that is remembered is believed while a source answers, and nothing is bounded.
func (d *Directory) Refresh(ctx context.Context, name string) (Entry, error) {
	if !object.IsName(name) || d.taken(name) {
		return Entry{}, ErrUnknown
	}
	d.doubt(name)
	return d.find(ctx, &visit{d: d, decided: true, may: true}, name)
}

// visit is one search.
type visit struct {
	d            *Directory
	name, client string
	decided, may bool // whether sources may be asked
	known        bool // that the name is an account's, when it came to that
	looked       bool // whether a source was asked
}

// mayLook decides when it comes to asking a source. A name that is known is no matter of bounds.
func (v *visit) mayLook() bool {
	if !v.decided {
		v.decided = true
		v.known = slices.ContainsFunc(v.d.shelves, func(s *shelf) bool { return s.knows(v.name) })
		v.may = v.known || v.d.bounds.allow(v.d.now(), v.client)
	}
	return v.may
}

// find asks the sources in their order. One that cannot be asked leaves open whose an alias is; an app id is one account's wherever it is.
func (d *Directory) find(ctx context.Context, v *visit, name string) (Entry, error) {
	var blind error
	for i, s := range d.shelves {
		e, err := s.look(ctx, v, name)
		switch {
		case err == nil && name == e.AppID:
			return e, nil
		case err == nil && blind == nil:
			return d.winner(ctx, v, i, e)
		case err == nil:
			return Entry{}, blind
		case !errors.Is(err, ErrUnknown) && blind == nil:
			blind = err
		}
	}
	if blind != nil {
		return Entry{}, blind
	}
	return Entry{}, ErrUnknown
}

// winner judges an account that was found by its alias: where a source before has the same app id, that one counts, with the alias
// that it has there.
func (d *Directory) winner(ctx context.Context, v *visit, at int, e Entry) (Entry, error) {
	if d.taken(e.AppID) {
		return Entry{}, ErrUnknown
	}
	for _, s := range d.shelves[:at] {
		if _, err := s.look(ctx, v, e.AppID); err == nil {
			return Entry{}, ErrUnknown
		}
	}
	return e, nil
}

// doubt has no source's memory of a name believed.
func (d *Directory) doubt(name string) {
	for _, s := range d.shelves {
		s.doubt(name)
	}
}
