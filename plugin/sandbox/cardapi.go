package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A new card passes its review at once here, unless its base_info.status says something else. An update of a field that
// WeChat reviews (send_check true) puts the card in review until POST /_sandbox/review.

// reviewed are the fields whose change goes to review.
var reviewed = map[string]bool{
	"logo_url": true, "notice": true, "description": true, "title": true, "brand_name": true, "promotion_url_name": true,
	"background_pic_url": true, "prerogative": true, "bonus_cleared": true, "bonus_rules": true, "balance_rules": true,
}

type cardIDRequest struct {
	CardID string `json:"card_id"`
}

func (s *Sandbox) createCard(c *call) (any, error) {
	req, err := decode[struct {
		Card cardRequest `json:"card"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := newCard(c.app.id, "p"+randomText(21)[:27], req.Card, c.now)
	if err != nil {
		return nil, err
	}
	s.cards.Add(made.id, made)
	return struct {
		status
		CardID string `json:"card_id"`
	}{ok, made.id}, nil
}

func (s *Sandbox) updateCard(c *call) (any, error) {
	req, err := decode[map[string]json.RawMessage](c.body)
	if err != nil {
		return nil, err
	}
	var id string
	if raw, found := req["card_id"]; found && json.Unmarshal(raw, &id) != nil {
		return nil, errBadJSON
	}
	made, err := s.card(c.app, id)
	if err != nil {
		return nil, err
	}
	raw, found := req[strings.ToLower(made.typ)]
	if !found {
		return nil, errBadCardType
	}
	var change map[string]any
	if json.Unmarshal(raw, &change) != nil || change == nil {
		return nil, errBadJSON
	}
	if base, isObject := change["base_info"].(map[string]any); isObject {
		for _, fixed := range []string{"sku", "use_custom_code", "bind_openid", "get_custom_code_mode", "id", "status", "create_time", "update_time"} {
			delete(base, fixed) // not to be changed this way
		}
	}
	body, check := merge(made.body, change)
	if len(encode(body)) > maxCardBody {
		return nil, errBigBody
	}
	flags, err := readFlags(body)
	if err != nil {
		return nil, err
	}
	made.body, made.cardFlags, made.updated = body, flags, c.now
	if check {
		made.status = statusInReview
	}
	return struct {
		status
		SendCheck bool `json:"send_check"`
	}{ok, check}, nil
}

// merge lays change over old, objects field by field, and says whether a reviewed field got another value.
func merge(old, change map[string]any) (merged map[string]any, check bool) {
	merged = maps.Clone(old)
	if merged == nil {
		merged = make(map[string]any, len(change))
	}
	for k, v := range change {
		before, isObject := merged[k].(map[string]any)
		after, stays := v.(map[string]any)
		if stays && (isObject || merged[k] == nil) {
			sub, subCheck := merge(before, after)
			merged[k], check = sub, check || subCheck
			continue
		}
		if reviewed[k] && string(encode(merged[k])) != string(encode(v)) {
			check = true
		}
		merged[k] = v
	}
	return merged, check
}

func (s *Sandbox) getCard(c *call) (any, error) {
	req, err := decode[cardIDRequest](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.card(c.app, req.CardID)
	if err != nil {
		return nil, err
	}
	return struct {
		status
		Card map[string]any `json:"card"`
	}{ok, made.view()}, nil
}

func (s *Sandbox) batchGetCards(c *call) (any, error) {
	req, err := decode[struct {
		Offset     int      `json:"offset"`
		Count      int      `json:"count"`
		StatusList []string `json:"status_list"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.Offset < 0 || req.Count < 1 || req.Count > 50 {
		return nil, errBadArgs
	}
	ids := []string{}
	for _, made := range s.cards.Values() {
		wanted := len(req.StatusList) == 0 && made.status != statusDeleted || slices.Contains(req.StatusList, made.status)
		if made.app == c.app.id && wanted {
			ids = append(ids, made.id)
		}
	}
	slices.Sort(ids)
	from := min(req.Offset, len(ids))
	return struct {
		status
		IDs   []string `json:"card_id_list"`
		Total int      `json:"total_num"`
	}{ok, ids[from:min(from+req.Count, len(ids))], len(ids)}, nil
}

func (s *Sandbox) modifyStock(c *call) (any, error) {
	req, err := decode[struct {
		CardID   string `json:"card_id"`
		Increase int    `json:"increase_stock_value"`
		Reduce   int    `json:"reduce_stock_value"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.card(c.app, req.CardID)
	if err != nil {
		return nil, err
	}
	by := req.Increase - req.Reduce
	if req.Increase < 0 || req.Reduce < 0 || req.Increase > 100_000_000 || made.quantity+by < 0 || made.quantity+by > 100_000_000 {
		return nil, errBadQuantity
	}
	made.quantity += by
	made.total += by
	return ok, nil
}

func (s *Sandbox) deleteCard(c *call) (any, error) {
	req, err := decode[cardIDRequest](c.body)
	if err != nil {
		return nil, err
	}
	made, err := s.card(c.app, req.CardID)
	if err != nil {
		return nil, err
	}
	made.status = statusDeleted
	return ok, nil
}
