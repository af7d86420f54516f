package verify

import (
	"slices"
	"strings"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// maxListed is how many other cards are tried.
const maxListed = 200

// misspelt gives the listed card whose id was meant, "" if there is none: only letter case or blanks differ.
func (c *checker) misspelt(cardID string) string {
	listed := c.known.Listed(nil)
	if cardID == "" || slices.Contains(listed, cardID) {
		return ""
	}
	for _, id := range listed {
		if looksLike(id, cardID) {
			return id
		}
	}
	return ""
}

// looksLike tells whether ids differ in letter case or blanks at the most.
func looksLike(a, b string) bool {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.EqualFold(bare(a), bare(b))
}

// otherCards sign for another listed card than the one that was sent.
func (c *checker) otherCards(account *tickets.Account, cardID string) []*slip.Slip {
	var list []*slip.Slip
	if cardID == "" {
		return nil
	}
	for _, id := range c.known.Listed(account) {
		switch {
		case len(list) == maxListed:
			return list
		case id == "" || id == cardID:
		case looksLike(id, cardID):
			list = append(list, slip.Alone(slip.Set(report.ValueCase, "card_id", id).As("listed"))...)
		default:
			list = append(list, slip.Alone(slip.Set(report.OtherCard, "card_id", id).Got(id).As(id))...)
		}
	}
	return list
}
