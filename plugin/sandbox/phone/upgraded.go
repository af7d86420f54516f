package phone

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
)

// Member cards of the second generation are made in 微信支付, whose calls are no business of the sandbox's. On the phone any member
// card of an account's can be opened as one: by other parameters, without geturl.

// upgradedPath is the page of the component for them.
const upgradedPath = "pages/card_open/card_open"

// upgradedExtra is the component's extraData for them, beside outer_str.
type upgradedExtra struct {
	CreateCardAppID string `json:"create_card_appid"`
	CardID          string `json:"card_id"`
	ActivateType    string `json:"activate_type"`
	JumpURL         string `json:"jump_url"`
}

// The values of activate_type.
const (
	upgradedNormal = "ACTIVATE_TYPE_NORMAL"
	upgradedJump   = "ACTIVATE_TYPE_JUMP"
)

func (x upgradedExtra) isUpgraded() bool { return x.CreateCardAppID != "" || x.ActivateType != "" }

// upgradedCard gives the card that the parameters name.
func (p *phone) upgradedCard(path string, x upgradedExtra) (*cards.Card, *Refused) {
	switch {
	case path != upgradedPath:
		return nil, &Refused{TextParameter, "path", "cards of generation 2 are opened by the component's page " + upgradedPath}
	case x.CreateCardAppID == "":
		return nil, &Refused{TextParameter, "create_card_appid", "create_card_appid is missing"}
	case x.ActivateType != upgradedNormal && x.ActivateType != upgradedJump:
		return nil, &Refused{TextParameter, "activate_type", "activate_type is " + upgradedNormal + " or " + upgradedJump}
	case x.ActivateType == upgradedJump && x.JumpURL == "":
		return nil, &Refused{TextParameter, "jump_url", upgradedJump + " needs a jump_url"}
	}
	c, err := p.world.Cards.MemberOf(x.CreateCardAppID, x.CardID)
	if err != nil {
		return nil, &Refused{TextParameter, "card_id", "the account that create_card_appid names has no such member card"}
	}
	return c, nil
}

// openUpgraded is what comes back when the user has submitted the form of a card of the second generation, or has none to submit.
func (p *phone) openUpgraded(c *cards.Card, held *codes.Held, x upgradedExtra, answer navigated) navigated {
	if x.ActivateType == upgradedNormal {
		held.Active = true
		answer.Detail = "not of the jump type: the card is active now and nothing comes back"
		return answer
	}
	answer.Referrer.ExtraData = &returned{ActivateTicket: p.submitted(c, held), CardID: c.ID, Code: held.Code}
	return answer
}
