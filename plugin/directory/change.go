package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// ErrNoSource says that there is no source of that name, or none that takes accounts.
var ErrNoSource = errors.New("no source of accounts takes it")

// List gives all accounts of all sources that can list, sorted by app id, the winning one of each. An alias that leads to another account
// is left out. With an error it gives those that could be read.
func (d *Directory) List(ctx context.Context) ([]Entry, error) {
	var all []Entry
	var errs []error
	seen, aliases := make(map[string]bool), make(map[string]string)
	for _, s := range d.shelves {
		entries, err := s.source.List(ctx)
		if err != nil && !errors.Is(err, ErrReadOnly) {
			errs = append(errs, fmt.Errorf("%s: %w", s.source.Name(), err))
		}
		for _, e := range entries {
			if seen[e.AppID] || d.taken(e.AppID) {
				continue
			}
			seen[e.AppID] = true
			other, twice := aliases[e.Alias]
			switch {
			case e.Alias == "":
			case twice:
				d.log.alias(d.now(), e.Alias, other, e.AppID)
				e.Alias = ""
			case d.taken(e.Alias):
				e.Alias = ""
			default:
				aliases[e.Alias] = e.AppID
			}
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.AppID, b.AppID) })
	return all, errors.Join(errs...)
}

// Put writes an account to the source named; where none is, to the one that has the account, or else to the first that takes one.
// A *object.Fault says what is wrong with the object; ErrNoSource, ErrReadOnly.
func (d *Directory) Put(ctx context.Context, source, appID string, raw json.RawMessage) error {
	if !object.IsAppID(appID) {
		return &object.Fault{Field: "app_id", Text: "is no app_id: that is wx and 16 hex digits, in lower case"}
	}
	if d.taken(appID) {
		return &object.Fault{Field: "app_id", Text: "is that of an account of the configuration"}
	}
	var data struct {
		Alias string `json:"alias"`
	}
	_ = json.Unmarshal(raw, &data) // what is wrong with it the source will say
	if err := d.checkAlias(ctx, appID, data.Alias); err != nil {
		return err
	}
	defer d.doubt(data.Alias)
	defer d.doubt(appID)
	holder, err := d.holder(ctx, appID)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	for _, s := range d.shelves {
		if source != "" && s.source.Name() != source || source == "" && holder != nil && s != holder {
			continue
		}
		err := s.source.Put(ctx, appID, raw)
		if source == "" && holder == nil && (errors.Is(err, ErrReadOnly) || errors.Is(err, ErrUnknown)) {
			continue
		}
		return err
	}
	return ErrNoSource
}

// Doubt has a name looked for anew when somebody next asks for it: it is known that there is a change.
func (d *Directory) Doubt(name string) { d.doubt(name) }

// checkAlias refuses an alias that leads elsewhere.
func (d *Directory) checkAlias(ctx context.Context, appID, alias string) error {
	if !object.IsAlias(alias) {
		return nil
	}
	if d.taken(alias) {
		return &object.Fault{Field: "alias", Text: "is the name of an account of the configuration"}
	}
	e, err := d.Refresh(ctx, alias)
	broken, isBroken := errors.AsType[*Broken](err)
	switch {
	case isBroken && broken.Name == appID: // it is to be mended
	case err == nil && e.AppID != appID:
		return &object.Fault{Field: "alias", Text: "is that of account " + e.AppID}
	case err != nil && !errors.Is(err, ErrUnknown):
		return fmt.Errorf("whose alias %s is: %w", alias, err)
	}
	return nil
}

// Remove takes an account away, from the source that has it. Where another source has it, too, that one is found from then on.
// ErrUnknown, ErrReadOnly.
func (d *Directory) Remove(ctx context.Context, appID string) error {
	if !object.IsAppID(appID) {
		return ErrUnknown
	}
	defer d.doubt(appID)
	holder, err := d.holder(ctx, appID)
	if err != nil {
		return err
	}
	if err := holder.source.Remove(ctx, appID); err != nil {
		return err
	}
	holder.drop(appID) // whether or not the source can be asked from now on
	return nil
}

// holder finds the first source that has an account, if only in a form that cannot be used. ErrUnknown: none has.
func (d *Directory) holder(ctx context.Context, appID string) (*shelf, error) {
	d.doubt(appID)
	for _, s := range d.shelves {
		_, err := s.look(ctx, &visit{d: d, decided: true, may: true}, appID)
		if _, isBroken := errors.AsType[*Broken](err); err == nil || isBroken {
			return s, nil
		}
		if !errors.Is(err, ErrUnknown) {
			return nil, err
		}
	}
	return nil, ErrUnknown
}
