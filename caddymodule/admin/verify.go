package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"

	"github.com/caddyserver/caddy/v2"
)

// maxVerify bounds a request to it: a value in JSON may be a good deal longer than by itself.
const maxVerify = 2*verify.MaxInput + 16<<10

// serveVerify takes a verify.Input, or what a client sent, and answers a verify.Report. The tickets that it compares with do not leave the process.
func serveVerify(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodPost); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxVerify))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return caddy.APIError{HTTPStatus: http.StatusRequestEntityTooLarge, Err: fmt.Errorf("the request has more than %d bytes", maxVerify)}
	}
	var in verify.Input
	if err == nil {
		in, err = readVerify(body)
	}
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("reading the request: %w", err)}
	}
	if len(in.Value) == 0 {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: "value is missing: what the client sent"}
	}
	if in.Account != "" && app.Account(in.Account) == nil && app.DataAccount(in.Account) == nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "there is no account of that name"}
	}
	return write(w, http.StatusOK, verify.Check(in, verifiable(app, in.Account)))
}

// readVerify reads a verify.Input; or, by itself, what a client sent, where it shows itself by a field that only that has.
func readVerify(body []byte) (in verify.Input, err error) {
	var sent struct {
		Value     json.RawMessage `json:"value"`
		CardList  json.RawMessage `json:"cardList"`
		CardExt   json.RawMessage `json:"cardExt"`
		CardSign  json.RawMessage `json:"cardSign"`
		Signature json.RawMessage `json:"signature"`
	}
	bare := json.Unmarshal(body, &sent) == nil && sent.Value == nil
	if bare && (sent.CardList != nil || sent.CardExt != nil || sent.CardSign != nil || sent.Signature != nil) {
		return verify.Input{Value: body}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, err
	}
	if dec.More() {
		return in, errors.New("something follows it")
	}
	return in, nil
}

// verifiable is what signatures are compared with: what all configured accounts hold at present, and the one that is asked for where that
// is data.
func verifiable(app *app.App, asked string) verify.Known {
	owner := func(cardID string) string { return ownerOf(app, cardID) }
	known := verify.Known{Now: time.Now(), Owner: owner}
	for _, name := range app.Names() {
		account := app.Account(name)
		verifiable := account.Verifiable(name)
		for _, use := range slices.Concat(app.CardUses(name), app.CardUses("")) { // those of any account, too
			if use.CardID != "*" && !slices.Contains(verifiable.Cards, use.CardID) {
				verifiable.Cards = append(verifiable.Cards, use.CardID)
			}
		}
		known.Accounts = append(known.Accounts, verifiable)
		known.Now = account.WeChatTime()
	}
	if account := app.DataAccount(asked); account != nil {
		known.Accounts = append(known.Accounts, account.Verifiable(asked))
		known.Now = account.WeChatTime()
	}
	return known
}

// ownerOf says whose a card is: of the account whose routes list it, else of the one that routes use unless told otherwise,
// or of the only one. "" if that is nobody.
func ownerOf(a *app.App, cardID string) string {
	names := a.Names()
	for _, name := range names {
		listed := func(use doctor.CardUse) bool { return use.CardID == cardID }
		if slices.ContainsFunc(a.CardUses(name), listed) {
			return name
		}
	}
	switch {
	case a.Account(app.DefaultAccount) != nil:
		return app.DefaultAccount
	case len(names) == 1:
		return names[0]
	}
	return ""
}
