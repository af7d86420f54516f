package cards

import (
	"maps"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// reviewed are the fields whose change goes to review.
var reviewed = map[string]bool{
	"logo_url": true, "notice": true, "description": true, "title": true, "brand_name": true, "promotion_url_name": true,
	"background_pic_url": true, "prerogative": true, "bonus_cleared": true, "bonus_rules": true, "balance_rules": true,
}

// Update changes fields of the card's object, and says whether one of them goes to review. It fails with WeChat's refusal.
func (c *Card) Update(change map[string]any, now time.Time) (check bool, err error) {
	if base, isObject := change["base_info"].(map[string]any); isObject {
		for _, fixed := range []string{"sku", "use_custom_code", "bind_openid", "get_custom_code_mode", "id", "status", "create_time", "update_time"} {
			delete(base, fixed) // not to be changed this way
		}
	}
	body, check := merge(c.Body, change)
	if len(wire.Encode(body)) > MaxBody {
		return false, wire.ErrBigBody
	}
	flags, err := readFlags(body)
	if err != nil {
		return false, err
	}
	c.Body, c.Flags, c.Updated = body, flags, now
	if check {
		c.Status = InReview
	}
	return check, nil
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
		if reviewed[k] && string(wire.Encode(merged[k])) != string(wire.Encode(v)) {
			check = true
		}
		merged[k] = v
	}
	return merged, check
}
