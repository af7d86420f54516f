// Package opencard is the action open_card: the parameters of wx.openCard, codes decrypted.
package opencard

import (
	"context"
	"net/http"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/answer"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// OpenCard answers with the parameters of `wx.openCard`: `{"cardList":[{"cardId":"…","code":"…"}]}`, each code decrypted.
//
// A GET has `card_id` and `code`. A POST has the same as a JSON object or a form, or `{"cards":[{"card_id":"…","code":"…"}]}`,
// or what `wx.addCard` or `wx.chooseCard` gave the client, as it is: `{"cardList":…}`. A code may also be called `encrypt_code`.
// A code of at most 20 characters is taken for one that is not encrypted.
type OpenCard struct {
	// Which cards this decrypts codes for. It is a filter on what clients say: WeChat does not tell whose code it decrypts.
	Cards []cards.List `json:"cards,omitempty"`

	// How many cards one request may ask for. Default: 5.
	MaxCards int `json:"max_cards,omitempty"`

	cards cards.Set
	shape request.Shape
}

// CaddyModule returns the Caddy module information.
func (OpenCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".open_card", New: func() caddy.Module { return new(OpenCard) }}
}

// Provision compiles the configuration.
func (o *OpenCard) Provision(caddy.Context) error {
	if err := o.cards.AddLists(o.Cards); err != nil {
		return err
	}
	if err := o.cards.CheckNotEmpty(); err != nil {
		return err
	}
	o.shape = request.Shape{Fields: field.SetOf(field.Code), Cards: true, CardList: true}
	var err error
	o.shape.Max, err = o.cards.MaxCards(o.MaxCards)
	return err
}

// Needs implements Action.
func (o *OpenCard) Needs() []credential.Kind { return []credential.Kind{credential.AccessToken} }

// Methods implements Answering.
func (o *OpenCard) Methods() []string { return answer.Methods }

// CardUses implements CardUser.
func (o *OpenCard) CardUses() []doctor.CardUse { return o.cards.Uses(cards.OnlyNamed) }

// PassesNothingOn implements Last.
func (o *OpenCard) PassesNothingOn() {}

// ServeAction implements Action.
func (o *OpenCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := answer.GetScratch()
	defer s.Free()
	q := &s.Request
	if err := q.Read(r, &o.shape); err != nil {
		return err
	}
	if len(q.IDs) == 0 {
		return problem.Invalid("card_id is missing")
	}
	codes := make([]string, len(q.IDs))
	for i, id := range q.IDs {
		if _, err := o.cards.Find(id); err != nil {
			return err
		}
		var err error
		if codes[i], err = field.AnyCode(q.Texts(i)[field.Code]); err != nil {
			return err
		}
	}
	if err := decryptAll(clients.Context(r), account, codes); err != nil {
		return err
	}
	b := append(s.Body, `{"cardList":[`...)
	for i, id := range q.IDs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"cardId":`...)
		b = card.AppendString(b, id)
		b = append(b, `,"code":`...)
		b = card.AppendString(b, codes[i])
		b = append(b, '}')
	}
	s.Body = append(b, ']', '}')
	answer.JSON(w, r, s.Body)
	return nil
}

// decryptAll decrypts in place those codes that are encrypted, all at once. The first one's error is the answer for all.
func decryptAll(ctx context.Context, account *plugin.Account, codes []string) error {
	errs := make([]error, len(codes))
	decrypt := func(i int) {
		if !field.IsPlainCode(codes[i]) {
			codes[i], errs[i] = account.DecryptCode(ctx, codes[i])
		}
	}
	var wg sync.WaitGroup
	for i := range len(codes) - 1 {
		wg.Go(func() { decrypt(i) })
	}
	decrypt(len(codes) - 1) // here, so that the usual single one needs no goroutine
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	open_card [<card_id...>|*] {
//		card      <card_id...>|*
//		max_cards <n>
//	}
func (o *OpenCard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		words.Arguments: func() error { return cards.UnmarshalIDList(d, &seen, &o.Cards) },
		"card":          func() error { return cards.UnmarshalList(d, &seen, &o.Cards) },
		"max_cards":     func() error { return words.Number(d, &o.MaxCards) },
	})
	if err != nil {
		return err
	}
	return cards.CheckUnmarshaled(d, &seen, o.MaxCards)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*OpenCard)(nil)
	_ action.Answering      = (*OpenCard)(nil)
	_ action.Last           = (*OpenCard)(nil)
	_ action.CardUser       = (*OpenCard)(nil)
	_ caddyfile.Unmarshaler = (*OpenCard)(nil)
)
