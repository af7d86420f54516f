package sandbox

import "slices"

type codeRequest struct {
	Code   string `json:"code"`
	CardID string `json:"card_id"`
}

// codeCard is how answers name a user's card.
type codeCard struct {
	CardID    string `json:"card_id"`
	BeginTime int64  `json:"begin_time,omitempty"`
	EndTime   int64  `json:"end_time,omitempty"`
}

func (s *Sandbox) decryptCode(c *call) (any, error) {
	req, err := decode[struct {
		EncryptCode string `json:"encrypt_code"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	code, good := s.decrypt("code", c.app.id, req.EncryptCode)
	if !good {
		return nil, errBadEncrypted
	}
	return struct {
		status
		Code string `json:"code"`
	}{ok, code}, nil
}

func (s *Sandbox) getCode(c *call) (any, error) {
	req, err := decode[struct {
		codeRequest
		CheckConsume bool `json:"check_consume"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	held, err := s.userCard(c.app, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	normal := held.status == userCardNormal
	if req.CheckConsume && !normal {
		return nil, held.refusal()
	}
	return struct {
		status
		Card       codeCard `json:"card"`
		OpenID     string   `json:"openid"`
		CanConsume bool     `json:"can_consume"`
		UserStatus string   `json:"user_card_status"`
	}{
		ok,
		codeCard{held.card.id, held.begin.Unix(), held.begin.AddDate(1, 0, 0).Unix()},
		s.openID(held.card.app, held.user),
		normal && held.card.consumable(),
		held.status,
	}, nil
}

// refusal says why a user's card cannot be used.
func (u *userCard) refusal() error {
	switch u.status {
	case userCardNormal:
		return nil
	case userCardConsumed:
		return errConsumed
	}
	return errUserCardStatus
}

func (s *Sandbox) consumeCode(c *call) (any, error) {
	req, err := decode[codeRequest](c.body)
	if err != nil {
		return nil, err
	}
	held, err := s.userCard(c.app, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	if !held.card.consumable() {
		return nil, errBadCardType
	}
	if err := held.refusal(); err != nil {
		return nil, err
	}
	held.status = userCardConsumed
	return struct {
		status
		Card   codeCard `json:"card"`
		OpenID string   `json:"openid"`
	}{ok, codeCard{CardID: held.card.id}, s.openID(held.card.app, held.user)}, nil
}

func (s *Sandbox) unavailableCode(c *call) (any, error) {
	req, err := decode[codeRequest](c.body)
	if err != nil {
		return nil, err
	}
	held, err := s.userCard(c.app, req.CardID, req.Code)
	if err != nil {
		return nil, err
	}
	if err := held.refusal(); err != nil {
		return nil, err
	}
	held.status = userCardUnavailable
	return ok, nil
}

func (s *Sandbox) userCards(c *call) (any, error) {
	req, err := decode[struct {
		OpenID string `json:"openid"`
		CardID string `json:"card_id"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.OpenID == "" {
		return nil, errBadOpenID
	}
	p, known := s.people.Get(req.OpenID)
	if known && p.app != c.app.id && req.OpenID != DemoOpenID {
		return nil, errBadOpenID // a mini program's, or another account's
	}
	list := []codeRequest{}
	for _, held := range s.codes.Values() {
		if known && held.user == p.user && held.card.app == c.app.id && held.status == userCardNormal &&
			(req.CardID == "" || req.CardID == held.card.id) {
			list = append(list, codeRequest{Code: held.code, CardID: held.card.id})
		}
	}
	return struct {
		status
		Cards  []codeRequest `json:"card_list"`
		Shared bool          `json:"has_share_card"`
	}{ok, list, false}, nil
}

// depositCard gives the card of a call that only cards of imported codes take.
func (s *Sandbox) depositCard(c *call, id string) (*card, error) {
	made, err := s.card(c.app, id)
	if err != nil {
		return nil, err
	}
	if !made.deposit() {
		return nil, errUnsupported
	}
	return made, nil
}

func (s *Sandbox) depositCodes(c *call) (any, error) {
	req, err := decode[struct {
		CardID string   `json:"card_id"`
		Codes  []string `json:"code"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.depositCard(c, req.CardID)
	if err != nil {
		return nil, err
	}
	sorted := slices.Sorted(slices.Values(req.Codes))
	switch {
	case len(req.Codes) > 100:
		return nil, errManyCodes
	case len(req.Codes) == 0 || sorted[0] == "":
		return nil, errEmptyCode
	case len(slices.Compact(sorted)) != len(req.Codes):
		return nil, errSameCode
	}
	answer := struct {
		status
		Good      []string `json:"succ_code"`
		Duplicate []string `json:"duplicate_code"`
		Bad       []string `json:"fail_code"`
	}{ok, []string{}, []string{}, []string{}}
	for _, code := range req.Codes {
		switch {
		case made.known[code]:
			answer.Duplicate = append(answer.Duplicate, code)
		case !isCode(code) || len(made.known) >= maxDepositedCode:
			answer.Bad = append(answer.Bad, code)
		default:
			made.known[code] = true
			made.deposited = append(made.deposited, code)
			answer.Good = append(answer.Good, code)
		}
	}
	return answer, nil
}

func (s *Sandbox) depositCount(c *call) (any, error) {
	req, err := decode[cardIDRequest](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.depositCard(c, req.CardID)
	if err != nil {
		return nil, err
	}
	return struct {
		status
		Count int `json:"count"`
	}{ok, len(made.known)}, nil
}

// isCode says whether a merchant's code is one that WeChat takes: at most 20 characters, none of them special.
func isCode(code string) bool {
	if code == "" || len(code) > maxCode {
		return false
	}
	for _, b := range []byte(code) {
		if !isAlphanumeric(b) {
			return false
		}
	}
	return true
}
