package cards

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is a field of a card that gets another value.
type Change struct {
	Field string // base_info.title, prerogative, …
	Old   any    // nil: there was none
	New   any
}

// stockField is in the hands of users as much as of the merchant: it differs from minute to minute.
const stockField = "sku"

// fixed are those that nobody can change once the card is made.
var fixed = map[string]string{
	"use_custom_code":      "how a card gets its codes is settled when it is made",
	"get_custom_code_mode": "how a card gets its codes is settled when it is made",
	"bind_openid":          "whether a card is bound to a user is settled when it is made",
}

// ParseUpdate reads what somebody wants of a card of a type: the whole card as /card/get gives it, or a part of it; with
// "card" or without; the type's object in its place, or alone.
func ParseUpdate(raw []byte, typ string) (map[string]any, error) {
	fields, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	if inner, isObject := fields["card"].(map[string]any); isObject {
		fields = inner
	}
	if other, isText := fields["card_type"].(string); isText && other != typ {
		return nil, fmt.Errorf("this is for a %s, but the card is a %s", other, typ)
	}
	key := Card{Type: typ}.key()
	if inner, isObject := fields[key].(map[string]any); isObject {
		return inner, nil
	}
	if _, isObject := fields[baseInfo].(map[string]any); isObject {
		return fields, nil
	}
	return nil, fmt.Errorf("there is neither an object %s nor an object base_info", key)
}

// Diff tells what has to be changed for a card to be as wanted, in the order of the fields. An object in wanted is laid over
// the one that the card has; the change has both together, for nobody documents whether WeChat does so. What WeChat alone
// sets is left alone, and so is the stock; what it does not change is an error.
func (c Card) Diff(wanted map[string]any, colours Colours) ([]Change, error) {
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if name != baseInfo {
			changes = appendChange(changes, name, c.Body[name], wanted[name])
			continue
		}
		base, isObject := wanted[name].(map[string]any)
		if !isObject {
			return nil, fmt.Errorf("%s is no object", baseInfo)
		}
		old := c.base()
		for _, field := range slices.Sorted(maps.Keys(base)) {
			value := base[field]
			if given[field] || field == stockField {
				continue
			}
			if field == colourField {
				text, isText := value.(string)
				if before := c.Text(colourField); !isText || colours.value(text) == colours.value(before) {
					continue
				}
				var err error
				if value, err = colours.name(text); err != nil {
					return nil, err
				}
			}
			n := len(changes)
			changes = appendChange(changes, baseInfo+"."+field, old[field], value)
			if why := fixed[field]; why != "" && len(changes) > n {
				return nil, fmt.Errorf("%s.%s cannot be updated: %s", baseInfo, field, why)
			}
		}
	}
	return changes, nil
}

// appendChange appends the change of a field, unless it is none.
func appendChange(changes []Change, field string, old, value any) []Change {
	if before, isObject := old.(map[string]any); isObject {
		if after, stays := value.(map[string]any); stays {
			value = overlay(before, after)
		}
	}
	if old == nil && value == nil || string(appendValue(nil, old)) == string(appendValue(nil, value)) {
		return changes
	}
	return append(changes, Change{field, old, value})
}

// overlay lays change over old, objects field by field.
func overlay(old, change map[string]any) map[string]any {
	merged := maps.Clone(old)
	for name, value := range change {
		before, isObject := merged[name].(map[string]any)
		after, stays := value.(map[string]any)
		if isObject && stays {
			value = overlay(before, after)
		}
		merged[name] = value
	}
	return merged
}

// UpdateRequest is the body of /card/update that makes changes to the card of an id.
func (c Card) UpdateRequest(cardID string, changes []Change) json.RawMessage {
	body := make(map[string]any)
	for _, change := range changes {
		field, isBase := strings.CutPrefix(change.Field, baseInfo+".")
		if !isBase {
			body[field] = change.New
			continue
		}
		base, _ := body[baseInfo].(map[string]any)
		if base == nil {
			base = make(map[string]any)
			body[baseInfo] = base
		}
		base[field] = change.New
	}
	return appendValue(nil, map[string]any{"card_id": cardID, c.key(): body})
}

// Show writes a value of a Change as JSON in one line.
func Show(value any) string { return string(appendValue(nil, value)) }
