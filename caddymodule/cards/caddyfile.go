package cards

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalIDs reads the card ids that stand on the line of an action itself, or `*`: the same as a `card` without a block. seen
// holds the cards before them.
func UnmarshalIDs(d *caddyfile.Dispenser, seen *Set) ([]string, error) {
	ids := d.RemainingArgs()
	if len(ids) == 0 {
		return nil, d.ArgErr()
	}
	_, err := seen.Claim(ids)
	return ids, words.Located(d, err)
}

// Unmarshal reads `card <card_id...>|*` with its block. seen holds the cards before it.
func Unmarshal(d *caddyfile.Dispenser, seen *Set, values map[field.Field]*string) ([]string, error) {
	ids, err := UnmarshalIDs(d, seen)
	if err != nil {
		return nil, err
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		f, _ := field.Named(d.Val())
		target := values[f]
		if target == nil || f.Name() != d.Val() {
			known := make([]string, 0, len(values))
			for f := range values {
				known = append(known, f.Name())
			}
			return nil, words.Unrecognized(d, known...)
		}
		if err := words.OneValue(d, target); err != nil {
			return nil, err
		}
		if _, err := value.New(f, *target); err != nil {
			return nil, d.WrapErr(err)
		}
	}
	return ids, nil
}

// UnmarshalIDList is UnmarshalIDs for an action that configures nothing for a card.
func UnmarshalIDList(d *caddyfile.Dispenser, seen *Set, lists *[]List) error {
	ids, err := UnmarshalIDs(d, seen)
	*lists = append(*lists, List{ids})
	return err
}

// UnmarshalList reads `card <card_id...>|*` of an action that configures nothing for a card.
func UnmarshalList(d *caddyfile.Dispenser, seen *Set, lists *[]List) error {
	ids, err := Unmarshal(d, seen, nil)
	*lists = append(*lists, List{ids})
	return err
}

// CheckUnmarshaled reports what can only be seen at the end of an action's block.
func CheckUnmarshaled(d *caddyfile.Dispenser, cards *Set, maxCards int) error {
	err := cards.CheckNotEmpty()
	if err == nil {
		_, err = cards.MaxCards(maxCards)
	}
	return words.Located(d, err)
}
