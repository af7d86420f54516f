package phone

import "github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"

// mayHave says why a user cannot have n more of a card.
func (p *phone) mayHave(c *cards.Card, n int) *Refused {
	switch {
	case c.Status == cards.InReview:
		return &Refused{TextReview, "status", "the card is in review; POST /_sandbox/review ends that"}
	case c.Status != cards.Approved && c.Status != "CARD_STATUS_DISPATCH" && c.Status != "CARD_STATUS_USER_DISPATCH":
		return &Refused{TextParameter, "status", "the card is " + c.Status}
	case c.Quantity < n:
		return &Refused{TextSoldOut, "stock", "no stock is left"}
	case c.Deposit() && len(c.Deposited) < n:
		return &Refused{TextSoldOut, "stock", "no imported code is left"}
	}
	if most := c.BaseInfo.GetLimit; most > 0 && p.has(c)+n > most {
		return &Refused{TextSoldOut, "get_limit", "the user has as many of this card as get_limit lets him have"}
	}
	return nil
}

// has counts how often the user has got a card.
func (p *phone) has(c *cards.Card) (n int) {
	for _, held := range p.world.Codes.All() {
		if held.Card == c && held.User == p.user {
			n++
		}
	}
	return n
}
