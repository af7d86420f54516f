package accounts

import (
	"errors"
	"time"
)

// Revocation says which credentials end.
type Revocation struct {
	// AppID whose; "": everybody's.
	AppID string `json:"app_id"`
	// Kind of credential: access_token (also ""), api_ticket or jsapi_ticket.
	Kind string `json:"kind"`
	// Sticky: stable_token in normal mode goes on giving the dead token, until a forced refresh or its own rotation.
	Sticky bool `json:"sticky"`
}

// Revoke ends credentials at once, as if somebody else had renewed them: 40001 from then on; and 签名错误 for tickets.
func (s *Store) Revoke(rev Revocation, now time.Time) error {
	kind := map[string]string{"api_ticket": CardTicket, "jsapi_ticket": JSAPITicket}[rev.Kind]
	if kind == "" && rev.Kind != "" && rev.Kind != "access_token" {
		return errors.New("kind must be access_token, api_ticket or jsapi_ticket")
	}
	if kind == "" {
		for _, t := range s.tokens.Values() {
			if rev.AppID == "" || t.App.ID == rev.AppID {
				t.endBy(now)
			}
		}
	}
	for _, a := range s.apps.Values() {
		if rev.AppID != "" && a.ID != rev.AppID {
			continue
		}
		if kind == "" {
			a.sticky = rev.Sticky
			continue
		}
		for _, t := range a.Tickets[kind] {
			if t.Live(now) {
				t.Expires = now
			}
		}
	}
	return nil
}
