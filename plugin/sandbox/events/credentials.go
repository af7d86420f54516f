package events

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// Bounds of what is told of credentials.
const (
	maxApps    = 10
	MaxTickets = 3 // of a kind and app
)

// CredentialView is a token or ticket that the sandbox gave out.
type CredentialView struct {
	AppID   string `json:"app_id"`
	Kind    string `json:"kind"`             // access_token, api_ticket, jsapi_ticket
	Source  string `json:"source,omitempty"` // of an access_token: stable, classic, or platform
	Text    string `json:"text"`             // masked
	Made    int64  `json:"made"`
	Expires int64  `json:"expires"` // as its expires_in said
	Until   int64  `json:"until"`   // no later: when it stops working
}

// credentials gives what the page shows of tokens and tickets, and their texts in full, to find them elsewhere. The world is locked.
func credentials(w *world.World) (list []CredentialView, texts []string) {
	store := w.Accounts
	list = []CredentialView{}
	life := store.ExpiresIn
	add := func(appID, kind, source, text string, made, expires, until time.Time) {
		list = append(list, CredentialView{appID, kind, source, exchanges.Mask(text), made.UnixMilli(), expires.UnixMilli(), until.UnixMilli()})
		texts = append(texts, text)
	}
	apps := store.All()
	for _, a := range apps[max(0, len(apps)-maxApps):] {
		for _, t := range []struct {
			name  string
			token *accounts.Token
		}{
			{"stable", a.Stable.Previous},
			{"stable", a.Stable.Current},
			{"classic", a.Classic.Previous},
			{"classic", a.Classic.Current},
		} {
			if t.token != nil {
				add(a.ID, "access_token", t.name, t.token.Text, t.token.Expires.Add(-life), t.token.Expires, t.token.Until)
			}
		}
		for _, kind := range []struct{ name, typ string }{{"api_ticket", accounts.CardTicket}, {"jsapi_ticket", accounts.JSAPITicket}} {
			tickets := a.Tickets[kind.typ]
			for _, t := range tickets[max(0, len(tickets)-MaxTickets):] {
				add(a.ID, kind.name, "", t.Text, t.Made, t.Made.Add(life), t.Expires)
			}
		}
	}
	for _, c := range w.Platform.All() {
		boarded, _ := c.Latest(maxApps)
		for _, a := range boarded {
			if t := a.Token(); t != nil {
				add(a.AppID, "access_token", "platform", t.Text, t.Expires.Add(-life), t.Expires, t.Until)
			}
		}
	}
	return list, texts
}
