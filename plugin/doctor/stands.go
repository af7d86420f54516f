package doctor

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// couponTypes are those that merchants cannot make any longer.
var couponTypes = []string{"GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON"}

// otherTypes are those of which WeChat has announced nothing: the gift card and the tickets.
var otherTypes = []string{"GENERAL_CARD", "MEETING_TICKET", "SCENIC_TICKET", "MOVIE_TICKET", "BOARDING_PASS"}

// What WeChat has said of a kind of card. docs/where-cards-stand.md has the sources.
const (
	couponStands language.Phrase = "where it stands: a coupon; WeChat has taken no new ones since April 2021, and those that are there may still be given out and redeemed"
	memberStands language.Phrase = "where it stands: a member card; these go on, WeChat recommends to upgrade them to WeChat Pay's (会员卡 2.0), and has named no end"
	otherStands  language.Phrase = "where it stands: WeChat has announced nothing about cards of this type"

	memberUpgraded language.Phrase = "if it was upgraded, which its data does not tell: card_id stays, member_card_component needs generation 2 (docs/reference/member_card_component.md), never tried on a real account, and the calls of before no longer update what is new (docs/where-cards-stand.md)"
)

// stands tells what WeChat has said of cards of this kind. It is never a warning: nothing of it keeps the card from working
// today, and the card's own data does not tell more.
func (c examined) stands() {
	switch t := c.card.Type; {
	case t == memberCardType:
		c.say(Fine, string(memberUpgraded), "%s", memberStands)
	case slices.Contains(couponTypes, t):
		c.say(Fine, "", "%s", couponStands)
	case slices.Contains(otherTypes, t):
		c.say(Fine, "", "%s", otherStands)
	}
}
