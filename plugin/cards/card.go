// Package cards knows what a card's own data looks like: as /card/get gives it, and as /card/create, /card/update and
// /card/membercard/activateuserform/set take it. It is pure: it calls nobody.
package cards

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// memberCard is the type of member cards.
const memberCard = "MEMBER_CARD"

// baseInfo is what all types of card have.
const baseInfo = "base_info"

// given are the fields of base_info that WeChat sets and nobody else.
var given = map[string]bool{"id": true, "status": true, "create_time": true, "update_time": true}

// Card is a card's data. Numbers in it are json.Number.
type Card struct {
	Type string         // GROUPON, MEMBER_CARD, …
	Body map[string]any // the type's object: base_info and what else there is
}

// Parse reads a card in any of the forms that WeChat's calls have: {"card":{"card_type":"MEMBER_CARD","member_card":{…}}},
// or what is inside of that.
func Parse(raw []byte) (Card, error) {
	fields, err := parseObject(raw)
	if err != nil {
		return Card{}, err
	}
	if inner, isObject := fields["card"].(map[string]any); isObject {
		fields = inner
	}
	var c Card
	c.Type, _ = fields["card_type"].(string)
	if c.Type == "" {
		return c, errors.New("there is no card_type")
	}
	var isObject bool
	if c.Body, isObject = fields[c.key()].(map[string]any); !isObject {
		return c, errors.New("there is no object " + c.key())
	}
	return c, nil
}

// parseObject decodes a JSON object that stands alone.
func parseObject(raw []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil || fields == nil {
		return nil, errors.New("this is no JSON object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return fields, nil
}

// key is what the type's object is called.
func (c Card) key() string { return strings.ToLower(c.Type) }

// base gives base_info, nil if there is none.
func (c Card) base() map[string]any {
	base, _ := c.Body[baseInfo].(map[string]any)
	return base
}

// Text gives a field of base_info that is a string.
func (c Card) Text(field string) string {
	text, _ := c.base()[field].(string)
	return text
}

// CreateRequest is the body of /card/create.
func (c Card) CreateRequest(colours Colours) (json.RawMessage, error) {
	body := maps.Clone(c.Body)
	base := maps.Clone(c.base())
	if base == nil {
		return nil, errors.New("there is no object base_info")
	}
	for field := range given {
		delete(base, field)
	}
	if colour, isText := base[colourField].(string); isText {
		name, err := colours.name(colour)
		if err != nil {
			return nil, err
		}
		base[colourField] = name
	}
	if sku, isObject := base["sku"].(map[string]any); isObject {
		sku = maps.Clone(sku)
		delete(sku, "total_quantity")
		base["sku"] = sku
	}
	body[baseInfo] = base
	return appendValue(nil, map[string]any{"card": map[string]any{"card_type": c.Type, c.key(): body}}), nil
}

// appendValue appends v, made of what encoding/json decodes to, as JSON with its fields in order and without the \u escapes
// that WeChat refuses.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		dst = append(dst, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = card.AppendString(dst, name)
			dst = append(dst, ':')
			dst = appendValue(dst, v[name])
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, item)
		}
		return append(dst, ']')
	case string:
		return card.AppendString(dst, v)
	case json.Number:
		return append(dst, v...)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	}
	return append(dst, "null"...)
}
