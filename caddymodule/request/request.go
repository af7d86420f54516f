// Package request reads what a client asks for: cards with their fields, in a query, a form or JSON.
package request

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Shape says what a request to an action may hold. Names that have no meaning are ignored, but for those that look as if they
// chose cards: these are refused, lest a request get all cards of a route because it spelt one otherwise.
type Shape struct {
	Fields   field.Set // that have a meaning
	IDList   bool      // card_id may be several
	Cards    bool      // there may be cards, each with its fields
	Answer   bool      // JSON may have cardList in the place of cards, as the answer of add_card has it
	CardList bool      // the same as wx.addCard and wx.chooseCard give it; a code is also called encrypt_code then
	Max      int       // cards; 0: card_id has no meaning
}

// Cards is what a client asks for: cards, each with its fields.
type Cards struct {
	IDs    []string      // empty: the client named no card
	Shared field.Texts   // the fields of all cards
	Own    []field.Texts // if not empty, those of each card instead
}

// Texts gives the fields of card i.
func (q *Cards) Texts(i int) *field.Texts {
	if len(q.Own) > 0 {
		return &q.Own[i]
	}
	return &q.Shared
}

// Reset forgets everything but the memory.
func (q *Cards) Reset() {
	clear(q.IDs)
	clear(q.Own)
	q.IDs, q.Own, q.Shared = q.IDs[:0], q.Own[:0], field.Texts{}
}

// add adds a card. Its fields are given if they are its own.
func (q *Cards) add(sh *Shape, id string, own *field.Texts) error {
	if len(q.IDs) >= sh.Max {
		return tooMany(sh)
	}
	q.IDs = append(q.IDs, id)
	if own != nil {
		q.Own = append(q.Own, *own)
	}
	return nil
}

func tooMany(sh *Shape) error { return problem.Invalid("card_id: more cards than %d", sh.Max) }
