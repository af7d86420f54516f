// Package stock is an action of another module than the gateway's: how many are left of a card, for pages that say so.
//
// stock.go is the action, levels.go what it remembers of WeChat's answers, texts_zh.go what its problems say in Chinese.
package stock

import (
	"context"
	"net/http"
	"strconv"
	"time"

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
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"golang.org/x/sync/errgroup"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(Stock{}) // http.handlers.wechat_card.actions.stock
	language.AddChinese(textsZH)
}

// Stock answers with what is left of cards: `{"cardList":[{"cardId":"…","quantity":97,"totalQuantity":100}]}`.
//
// A request has `card_id`, several separated by commas or as an array: in the query of a GET, in a JSON object or a form of a
// POST. Without any it asks for all that are listed.
type Stock struct {
	// Which cards this tells of; with `*`, of any card to whoever can send a request.
	Cards []cards.List `json:"cards,omitempty"`

	// How many cards one request may ask for. Default: 5.
	MaxCards int `json:"max_cards,omitempty"`

	// The clients that are served: networks, addresses, or `private_ranges`; then no browser is. Default: everybody.
	Clients []string `json:"clients,omitempty"`

	// How long what WeChat said of a card is used again: a duration, or `off`. Default: 1m.
	Cache string `json:"cache,omitempty"`

	cards   cards.Set
	shape   request.Shape
	clients clients.Filter // nil: everybody
	levels  *levels
}

// defaultAge is how long a level is used again unless configured otherwise.
const defaultAge = time.Minute

// CaddyModule returns the Caddy module information.
func (Stock) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".stock", New: func() caddy.Module { return new(Stock) }}
}

// Provision compiles the configuration.
func (s *Stock) Provision(caddy.Context) error {
	if err := s.cards.AddLists(s.Cards); err != nil {
		return err
	}
	if err := s.cards.CheckNotEmpty(); err != nil {
		return err
	}
	maxCards, err := s.cards.MaxCards(s.MaxCards)
	if err != nil {
		return err
	}
	s.shape = request.Shape{IDList: true, Max: maxCards}
	if len(s.Clients) > 0 {
		if s.clients, err = clients.NewFilter(s.Clients); err != nil {
			return err
		}
	}
	age, err := words.CacheAge(s.Cache, defaultAge)
	if err != nil {
		return err
	}
	s.levels = newLevels(age)
	return nil
}

// Needs implements Action.
func (s *Stock) Needs() []credential.Kind { return []credential.Kind{credential.AccessToken} }

// Methods implements Answering.
func (s *Stock) Methods() []string { return answer.Methods }

// CardUses implements CardUser.
func (s *Stock) CardUses() []doctor.CardUse {
	return s.cards.Uses(func(*cards.Rule) doctor.CardUse { return doctor.CardUse{Does: "tells how many are left"} })
}

// PassesNothingOn implements Last.
func (s *Stock) PassesNothingOn() {}

// ServeAction implements Action.
func (s *Stock) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	if s.clients != nil {
		if err := s.clients.Check(r); err != nil {
			return err
		}
	}
	scratch := answer.GetScratch()
	defer scratch.Free()
	if err := scratch.Request.Read(r, &s.shape); err != nil {
		return err
	}
	ids, err := s.asked(scratch.Request.IDs)
	if err != nil {
		return err
	}
	left, err := s.left(r.Context(), account, ids)
	if err != nil {
		return err
	}
	scratch.Body = appendAnswer(scratch.Body, ids, left)
	answer.JSON(w, r, scratch.Body)
	return nil
}

// asked gives the cards that a request is for: those that it names, or all that are listed.
func (s *Stock) asked(named []string) ([]string, error) {
	switch {
	case len(named) > 0:
		return named, nil
	case s.cards.Any == nil:
		return s.cards.Listed, nil
	}
	return nil, problem.Invalid("card_id is missing: this tells of any card, and lists none")
}

// left gives what is left of each card, all asked for at once after all of them were checked.
func (s *Stock) left(ctx context.Context, account *plugin.Account, ids []string) ([]level, error) {
	rules := make([]*cards.Rule, len(ids))
	for i, id := range ids {
		var err error
		if rules[i], err = s.cards.Find(id); err != nil {
			return nil, err
		}
	}
	left := make([]level, len(ids))
	var all errgroup.Group
	for i, id := range ids {
		all.Go(func() (err error) {
			if left[i], err = s.levels.of(ctx, account, id); err != nil && rules[i].Listed {
				return &cards.ListedError{CardID: id, Err: err} // the log tells the operator whose list it is
			}
			return err
		})
	}
	return left, all.Wait()
}

func appendAnswer(b []byte, ids []string, left []level) []byte {
	b = append(b, `{"cardList":[`...)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"cardId":`...)
		b = card.AppendString(b, id)
		b = append(b, `,"quantity":`...)
		b = strconv.AppendInt(b, left[i].quantity, 10)
		b = append(b, `,"totalQuantity":`...)
		b = strconv.AppendInt(b, left[i].total, 10)
		b = append(b, '}')
	}
	return append(b, ']', '}')
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	stock {
//		card      <card_id...>|*
//		max_cards <n>
//		clients   <cidr...>|private_ranges
//		cache     <duration>|off
//	}
func (s *Stock) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		"card":      func() error { return cards.UnmarshalList(d, &seen, &s.Cards) },
		"max_cards": func() error { return words.Number(d, &s.MaxCards) },
		"clients":   func() error { return clients.Unmarshal(d, &s.Clients) },
		"cache":     func() error { return words.Cache(d, &s.Cache) },
	})
	if err != nil {
		return err
	}
	return cards.CheckUnmarshaled(d, &seen, s.MaxCards)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Stock)(nil)
	_ action.Answering      = (*Stock)(nil)
	_ action.Last           = (*Stock)(nil)
	_ action.CardUser       = (*Stock)(nil)
	_ caddyfile.Unmarshaler = (*Stock)(nil)
)
