package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/messagepush"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/messages"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxReplay bounds a request for replays: some 100,000 ids.
const maxReplay = 4 << 20

// KeptPush is a message of WeChat's that no backend has accepted. Its text is not shown.
type KeptPush struct {
	ID         string    `json:"id"`
	Account    string    `json:"account"`
	Event      string    `json:"event"` // "": a text, a picture …
	CardID     string    `json:"card_id"`
	Time       time.Time `json:"time"` // of its first failure
	Tries      int       `json:"tries"`
	LastStatus int       `json:"last_status"` // that the backend answered with last; 0: it did not answer
}

// ReplayRequest is what the replay endpoint takes.
type ReplayRequest struct {
	IDs []string `json:"ids,omitempty"`
	All bool     `json:"all,omitempty"` // in the place of ids
}

// Replayed is what the replay endpoint answers, with status 502 when anything was not accepted.
type Replayed struct {
	Error  string         `json:"error,omitempty"` // all failures in one text
	Pushes []ReplayedPush `json:"pushes"`
}

// ReplayedPush is what became of one message.
type ReplayedPush struct {
	ID       string `json:"id"`
	Account  string `json:"account,omitempty"`
	Accepted bool   `json:"accepted"`
	Error    string `json:"error,omitempty"`
}

// servePushes lists what is kept.
func servePushes(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodGet); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	list, err := keptPushes(r.Context(), app)
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadGateway, Err: err}
	}
	return write(w, http.StatusOK, list)
}

// box is where messages of somebody's are kept.
type box struct {
	name, appID string
	inbox       *messages.Inbox
}

// boxesOf lists those of the configured accounts, of the accounts that are data and in use, and of the components.
func boxesOf(app *app.App) (boxes []box) {
	for _, name := range app.Names() {
		account := app.Account(name)
		boxes = append(boxes, box{name, account.AppID(), account.Inbox})
	}
	for _, appID := range app.DataInUse() {
		if account := app.DataAccount(appID); account != nil {
			boxes = append(boxes, box{appID, appID, account.Inbox})
		}
	}
	for _, name := range app.ComponentNames() {
		component := app.Component(name)
		boxes = append(boxes, box{"component " + name, component.AppID(), component.Pushes})
	}
	return boxes
}

// keptPushes lists the messages of all accounts, the oldest first; never nil. Accounts that share an app_id share their messages.
func keptPushes(ctx context.Context, app *app.App) ([]KeptPush, error) {
	list, seen := []KeptPush{}, make(map[string]bool)
	for _, of := range boxesOf(app) {
		pushes, err := of.inbox.KeptPushes(ctx)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", of.name, err)
		}
		for _, m := range pushes {
			if key := of.appID + m.ID; !seen[key] {
				seen[key] = true
				list = append(list, KeptPush{m.ID, of.name, m.Event, m.CardID, m.Time, m.Tries, m.LastStatus})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b KeptPush) int { return a.Time.Compare(b.Time) })
	for i := range list {
		list[i].Time = list[i].Time.Truncate(time.Second)
	}
	return list, nil
}

// serveReplay pushes messages again, one after the other, through the routes that received them.
func serveReplay(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodPost); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	var q ReplayRequest
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReplay))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("reading the request: %w", err)}
	}
	if dec.More() {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: "something follows the request"}
	}
	if q.All == (len(q.IDs) > 0) {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: "either ids or all must be given"}
	}
	if q.All {
		list, err := keptPushes(r.Context(), app)
		if err != nil {
			return caddy.APIError{HTTPStatus: http.StatusBadGateway, Err: err}
		}
		for _, m := range list {
			q.IDs = append(q.IDs, m.ID)
		}
	}
	answer := Replayed{Pushes: []ReplayedPush{}}
	status := http.StatusOK
	var failures []string
	for _, id := range q.IDs {
		one := ReplayedPush{ID: id}
		cardID, err := replay(r.Context(), app, id, &one.Account)
		outcome := observe.ReasonOK
		if err != nil {
			one.Error, outcome = err.Error(), observe.OutcomeNotAccepted
			failures = append(failures, id+": "+one.Error)
			status = http.StatusBadGateway
		} else {
			one.Accepted = true
		}
		if one.Account != "" {
			app.Audit().As("replay").Write(r, "message pushed again", one.Account, cardID, outcome)
		}
		answer.Pushes = append(answer.Pushes, one)
	}
	answer.Error = strings.Join(failures, "; ")
	app.Logger().Info("messages pushed again by hand", "messages", len(q.IDs), "not_accepted", len(failures))
	return write(w, status, answer)
}

// replay pushes one message again. Its account is noted; its card is told.
func replay(ctx context.Context, app *app.App, id string, account *string) (cardID string, err error) {
	if err := ctx.Err(); err != nil {
		return "", errors.New("nobody waits for it any more")
	}
	for _, of := range boxesOf(app) {
		m, query, body, err := of.inbox.KeptPush(ctx, id)
		if errors.Is(err, kept.ErrNone) {
			continue
		}
		if *account = of.name; err != nil {
			return "", err
		}
		servers, err := httpServers()
		if err != nil {
			return m.CardID, err
		}
		ctx, outcome := messages.WithOutcome(ctx)
		status, err := messagepush.Again(ctx, servers, m.Way, query, body)
		switch {
		case err != nil:
			return m.CardID, err
		case !outcome.Delivered:
			return m.CardID, fmt.Errorf("the route that it came by did not take it: status %d", status)
		case outcome.Err != nil:
			return m.CardID, errors.New(notAccepted(outcome.Err))
		}
		return m.CardID, nil
	}
	return "", kept.ErrNone
}

// notAccepted says why a message was not accepted: the cause, where there is one.
func notAccepted(err error) string {
	if cause := errors.Unwrap(err); cause != nil {
		return err.Error() + ": " + cause.Error()
	}
	return err.Error()
}

// httpServers gives the servers of the configuration that runs.
func httpServers() (map[string]*caddyhttp.Server, error) {
	mod, err := caddy.ActiveContext().AppIfConfigured("http")
	if err != nil {
		return nil, errors.New("there is no site any more")
	}
	return mod.(*caddyhttp.App).Servers, nil
}
