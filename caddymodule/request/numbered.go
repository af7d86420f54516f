package request

import (
	"cmp"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// This file reads names with brackets, as PHP, jQuery, axios and others write arrays into queries and forms: card_id[],
// card_id[0] and cards[0][card_id].

// numbered are the cards of a query or a form. Their numbers tell them apart and give their order: there may be gaps, and a
// large one is no more work than a small one.
type numbered []*numberedCard

type numberedCard struct {
	number string // digits, without zeros in front
	id     string
	seenID bool
	seen   seen
	own    field.Texts
}

// of gives the card with a number. There may be no more cards than the shape allows.
func (n *numbered) of(number string, sh *Shape) (*numberedCard, error) {
	number = strings.TrimLeft(number, "0")
	for _, c := range slices.Backward(*n) { // most fields come behind others of their card
		if c.number == number {
			return c, nil
		}
	}
	if len(*n) >= sh.Max {
		return nil, tooMany(sh)
	}
	c := &numberedCard{number: number}
	*n = append(*n, c)
	return c, nil
}

// readBracketed reads card_id[], card_id[N] and cards[N][field]. It refuses what looks like them, and ignores every other name.
func (q *Cards) readBracketed(name, value string, sh *Shape, cards *numbered) error {
	if rest, ok := strings.CutPrefix(name, "card_id["); ok && sh.Max > 0 {
		if number, ok := strings.CutSuffix(rest, "]"); ok && (number == "" || field.IsDigits(number)) {
			return q.readCardIDs(value, sh)
		}
	}
	if rest, ok := strings.CutPrefix(name, "cards["); ok && sh.Cards {
		number, rest, _ := strings.Cut(rest, "][")
		inner, ok := strings.CutSuffix(rest, "]")
		if ok && field.IsDigits(number) && !strings.ContainsAny(inner, "[]") && (inner == "card_id" || likenessOf(inner) != likeCardID) {
			return cards.read(number, inner, value, sh)
		}
	}
	return sh.checkUnread(name, false)
}

// read reads a field of a card.
func (n *numbered) read(number, name, value string, sh *Shape) error {
	f, ok := sh.named(name)
	if !ok && name != "card_id" {
		return problem.Invalid("%s: there is no field %s", "cards", field.Quote(name))
	}
	c, err := n.of(number, sh)
	if err != nil {
		return err
	}
	value, fault := unescape(value)
	if ok {
		c.seen.set(&c.own, f, name, value, fault)
		return nil
	}
	if c.seenID {
		fault = field.FaultTwice
	}
	if fault != "" {
		return problem.Invalid("card_id %s", fault)
	}
	c.id, c.seenID = value, true
	return nil
}

// addNumbered adds the cards, when all of them are known.
func (q *Cards) addNumbered(cards numbered, sh *Shape) error {
	if len(q.IDs) > 0 {
		return problem.Invalid("card_id and %s exclude each other", "cards")
	}
	slices.SortFunc(cards, func(a, b *numberedCard) int {
		return cmp.Or(cmp.Compare(len(a.number), len(b.number)), cmp.Compare(a.number, b.number))
	})
	for _, c := range cards {
		if c.id == "" {
			return problem.Invalid("card_id is missing")
		}
		if err := q.add(sh, c.id, &c.own); err != nil {
			return err
		}
	}
	return q.settle("cards")
}
