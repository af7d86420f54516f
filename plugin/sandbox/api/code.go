package api

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// codeCard is how answers name a user's card.
type codeCard struct {
	CardID    string `json:"card_id"`
	BeginTime int64  `json:"begin_time,omitempty"`
	EndTime   int64  `json:"end_time,omitempty"`
}

func decryptCode(c *call) (any, error) {
	req, err := wire.Decode[struct {
		EncryptCode string `json:"encrypt_code"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	code, good := c.world.Seal.DecryptCode(c.app.ID, req.EncryptCode)
	if !good {
		return nil, wire.ErrBadEncrypted
	}
	return struct {
		wire.Status
		Code string `json:"code"`
	}{wire.OK, code}, nil
}

func getCode(c *call) (any, error) {
	req, err := wire.Decode[struct {
		codeRequest
		CheckConsume bool `json:"check_consume"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	held, err := c.world.Codes.Of(c.app.ID, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	normal := held.Status == codes.Normal
	if req.CheckConsume && !normal {
		return nil, held.Refusal()
	}
	return struct {
		wire.Status
		Card       codeCard `json:"card"`
		OpenID     string   `json:"openid"`
		CanConsume bool     `json:"can_consume"`
		UserStatus string   `json:"user_card_status"`
	}{
		wire.OK,
		codeCard{held.Card.ID, held.Begin.Unix(), held.Begin.AddDate(1, 0, 0).Unix()},
		c.world.Users.OpenID(held.Card.App, held.User),
		normal && held.Card.Consumable(),
		held.Status,
	}, nil
}

// heldCode is the code that a request names and nothing else.
func heldCode(c *call) (*codes.Held, error) {
	req, err := wire.Decode[codeRequest](c.body)
	if err != nil {
		return nil, err
	}
	return c.world.Codes.Of(c.app.ID, req.CardID, req.Code)
}

func consumeCode(c *call) (any, error) {
	held, err := heldCode(c)
	if err != nil {
		return nil, err
	}
	if !held.Card.Consumable() {
		return nil, wire.ErrBadCardType
	}
	if err := held.Refusal(); err != nil {
		return nil, err
	}
	held.Status = codes.Consumed
	return struct {
		wire.Status
		Card   codeCard `json:"card"`
		OpenID string   `json:"openid"`
	}{wire.OK, codeCard{CardID: held.Card.ID}, c.world.Users.OpenID(held.Card.App, held.User)}, nil
}

func unavailableCode(c *call) (any, error) {
	held, err := heldCode(c)
	if err != nil {
		return nil, err
	}
	if err := held.Refusal(); err != nil {
		return nil, err
	}
	held.Status = codes.Unavailable
	return wire.OK, nil
}

func userCards(c *call) (any, error) {
	req, err := wire.Decode[struct {
		OpenID string `json:"openid"`
		CardID string `json:"card_id"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.OpenID == "" {
		return nil, wire.ErrBadOpenID
	}
	p, known := c.world.Users.Find(req.OpenID)
	if known && p.App != c.app.ID && req.OpenID != users.DemoOpenID {
		return nil, wire.ErrBadOpenID // a mini program's, or another account's
	}
	list := []codeRequest{}
	for _, held := range c.world.Codes.All() {
		if known && held.User == p.User && held.Card.App == c.app.ID && held.Status == codes.Normal &&
			(req.CardID == "" || req.CardID == held.Card.ID) {
			list = append(list, codeRequest{Code: held.Code, CardID: held.Card.ID})
		}
	}
	return struct {
		wire.Status
		Cards  []codeRequest `json:"card_list"`
		Shared bool          `json:"has_share_card"`
	}{wire.OK, list, false}, nil
}

// depositCard gives the card of a call that only cards of imported codes take.
func depositCard(c *call, id string) (*cards.Card, error) {
	made, err := c.world.Cards.Of(c.app.ID, id)
	if err != nil {
		return nil, err
	}
	if !made.Deposit() {
		return nil, wire.ErrUnsupported
	}
	return made, nil
}

func depositCodes(c *call) (any, error) {
	req, err := wire.Decode[struct {
		CardID string   `json:"card_id"`
		Codes  []string `json:"code"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := depositCard(c, req.CardID)
	if err != nil {
		return nil, err
	}
	sorted := slices.Sorted(slices.Values(req.Codes))
	switch {
	case len(req.Codes) > 100:
		return nil, wire.ErrManyCodes
	case len(req.Codes) == 0 || sorted[0] == "":
		return nil, wire.ErrEmptyCode
	case len(slices.Compact(sorted)) != len(req.Codes):
		return nil, wire.ErrSameCode
	}
	answer := struct {
		wire.Status
		Good      []string `json:"succ_code"`
		Duplicate []string `json:"duplicate_code"`
		Bad       []string `json:"fail_code"`
	}{wire.OK, []string{}, []string{}, []string{}}
	for _, code := range req.Codes {
		switch {
		case made.Known[code]:
			answer.Duplicate = append(answer.Duplicate, code)
		case !codes.IsCode(code) || len(made.Known) >= cards.MaxDeposited:
			answer.Bad = append(answer.Bad, code)
		default:
			made.Known[code] = true
			made.Deposited = append(made.Deposited, code)
			answer.Good = append(answer.Good, code)
		}
	}
	return answer, nil
}

func depositCount(c *call) (any, error) {
	req, err := wire.Decode[cardIDRequest](c.body)
	if err != nil {
		return nil, err
	}
	made, err := depositCard(c, req.CardID)
	if err != nil {
		return nil, err
	}
	return struct {
		wire.Status
		Count int `json:"count"`
	}{wire.OK, len(made.Known)}, nil
}
