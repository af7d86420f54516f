package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
)

// Record is an authorisation with its secrets, or the ticket, for a backup: it is never shown, logged or sent.
type Record json.RawMessage

// MarshalJSON gives it as it is.
func (r Record) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// UnmarshalJSON takes it as it is.
func (r *Record) UnmarshalJSON(data []byte) error { return (*json.RawMessage)(r).UnmarshalJSON(data) }

// exported is what a Record holds: one of the two.
type exported struct {
	Component     string  `json:"component"` // the app id
	Authorisation *record `json:"authorisation,omitempty"`
	Ticket        *ticket `json:"ticket,omitempty"`
}

// Export gives everything that must not be lost: the authorisations, sorted by app id, and the ticket.
func (p *Platform) Export(ctx context.Context) ([]Record, error) {
	records, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	var list []Record
	for _, r := range records {
		if !r.alive() {
			continue
		}
		raw, err := json.Marshal(exported{Component: p.cfg.AppID, Authorisation: &r})
		if err != nil {
			return nil, err
		}
		list = append(list, raw)
	}
	if t, err := p.lastTicket(ctx); err == nil {
		raw, err := json.Marshal(exported{Component: p.cfg.AppID, Ticket: &t})
		if err != nil {
			return nil, err
		}
		list = append(list, raw)
	}
	return list, nil
}

// Import takes what Export gave; what is newer here stays, and an authorisation that has ended since. It tells how many records
// were taken. A record that cannot be one makes it fail before anything is taken.
func (p *Platform) Import(ctx context.Context, records []Record) (taken int, err error) {
	parsed := make([]exported, len(records))
	for i, raw := range records {
		x := &parsed[i]
		switch err := json.Unmarshal(raw, x); {
		case err != nil || (x.Authorisation == nil) == (x.Ticket == nil):
			return 0, fmt.Errorf("record %d is none of a backup", i+1)
		case x.Component != p.cfg.AppID:
			return 0, fmt.Errorf("record %d is of another component than %s", i+1, p.cfg.AppID)
		case x.Authorisation != nil && (!appIDs.MatchString(x.Authorisation.AppID) || !x.Authorisation.alive()):
			return 0, fmt.Errorf("record %d is none of an authorisation", i+1)
		}
	}
	for _, x := range parsed {
		if x.Ticket != nil {
			if err := p.TakeTicket(ctx, x.Ticket.Text, x.Ticket.at()); err != nil {
				return taken, err
			}
			continue
		}
		was, err := p.importRecord(ctx, *x.Authorisation)
		if err != nil {
			return taken, fmt.Errorf("%s: %w", x.Authorisation.AppID, err)
		}
		if was {
			taken++
		}
	}
	return taken, nil
}

func (p *Platform) importRecord(ctx context.Context, theirs record) (taken bool, err error) {
	r, err := p.change(ctx, theirs.AppID, func(ours *record, err error) error {
		switch {
		case errors.Is(err, errNothing), errors.Is(err, vault.ErrForeign):
		case err != nil:
			return err
		case ours.Ended != nil && ours.Ended.At >= theirs.Changed, ours.alive() && !theirs.newer(*ours):
			return vault.ErrUnchanged
		}
		*ours = theirs
		if ours.Generation == "" {
			ours.Generation = newGeneration()
		}
		return nil
	})
	if errors.Is(err, vault.ErrUnchanged) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p.tell(Authorised, time.Unix(r.Since, 0), r)
	return true, nil
}

// newer tells whether r knows more of the same account than other does.
func (r record) newer(other record) bool {
	return slices.Compare([]int64{r.Since, r.Changed, r.Turned}, []int64{other.Since, other.Changed, other.Turned}) > 0
}
