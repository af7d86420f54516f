package request

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// This file knows names that nearly are those that choose cards. They are refused: whoever sent one meant a card, and the
// answer to a request without any would be all cards of the route.

// likeness says which name another one looks like.
type likeness uint8

const (
	likeNone likeness = iota
	likeCardID
	likeCards
	likeCardType
	likeShopID
)

// likenessOf compares the part of a name before the first [, letter case and _ aside.
func likenessOf(name string) likeness {
	var folded [len("cardlist")]byte // the longest of them
	n := 0
	for i := 0; i < len(name) && name[i] != '['; i++ {
		c := name[i]
		if c == '_' {
			continue
		}
		if n == len(folded) {
			return likeNone
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		folded[n] = c
		n++
	}
	switch string(folded[:n]) {
	case "cardid", "cardids":
		return likeCardID
	case "cards", "cardlist":
		return likeCards
	case "cardtype":
		return likeCardType
	case "shopid":
		return likeShopID
	}
	return likeNone
}

// spelling gives the right spelling of what a name looks like; "": it looks like nothing that has a meaning here.
func (sh *Shape) spelling(name string, inJSON bool) string {
	like := likenessOf(name)
	switch {
	case like == likeCardType && sh.Fields.Has(field.CardType):
		return field.CardType.Name()
	case like == likeShopID && sh.Fields.Has(field.ShopID):
		return field.ShopID.Name()
	case like != likeCardID && like != likeCards, sh.Max == 0:
		return ""
	case like == likeCardID, !sh.Cards:
		return "card_id"
	case inJSON:
		return `"cards":[{"card_id":"…"}]`
	}
	return "cards[0][card_id]"
}

// checkUnread refuses a name that is not read and looks like one that is.
func (sh *Shape) checkUnread(name string, inJSON bool) error {
	if right := sh.spelling(name, inJSON); right != "" {
		return problem.Invalid("%s is not read here: write %s", field.Quote(name), right)
	}
	return nil
}

// checkQueryOfPost refuses a query that looks as if it chose cards. Nothing else in it matters.
func (sh *Shape) checkQueryOfPost(raw string) error {
	for name := range queries.Pairs(raw) {
		if right := sh.spelling(name, false); right != "" {
			return problem.Invalid("%s stands in the query of a POST, which is not read: write %s into the body", field.Quote(name), right)
		}
	}
	return nil
}
