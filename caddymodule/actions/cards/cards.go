// Package cards is the action cards: what a client asks for cards is said by the end of the path. It is made of other actions, which
// it has Caddy load by their names as anybody's configuration does: it knows their JSON and nothing else of them.
package cards

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Cards answers all that clients ask for some cards. The last segment of a request's path says what that is, in these very letters:
// `addCard` is answered as the action `add_card` does, `openCard` as `open_card`, and `memberCard` as `member_card_component`; where
// they are configured, `activation` as the action of this name, and `jsConfig` as `js_config`. Every other request goes on as it came.
type Cards struct {
	// The cards, by their ids. `*` is none. One request may ask for all that are listed, and for 5 where less are.
	Cards []cards.List `json:"cards,omitempty"`

	// The configuration of the action `activation`, without its name. Where it lists no cards, it is for those listed here.
	// Default: requests for `activation` go on.
	Activation json.RawMessage `json:"activation,omitempty"`

	// The configuration of the action `js_config`, without its name. Default: requests for `jsConfig` go on.
	JSConfig json.RawMessage `json:"js_config,omitempty"`

	parts map[string]action.Action
}

// The actions that this is made of.
const (
	addCard    = "add_card"
	openCard   = "open_card"
	memberCard = "member_card_component"
	activation = "activation"
	jsConfig   = "js_config"
)

// CaddyModule returns the Caddy module information.
func (Cards) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".cards", New: func() caddy.Module { return new(Cards) }}
}

// Provision loads the actions.
func (c *Cards) Provision(ctx caddy.Context) error {
	var listed cards.Set
	if err := listed.AddLists(c.Cards); err != nil {
		return err
	}
	if err := check(&listed); err != nil {
		return err
	}
	type configuration map[string]any
	lists := []cards.List{{CardID: listed.Listed}}
	several := configuration{"cards": lists, "max_cards": max(len(listed.Listed), cards.DefaultMaxCards)}
	c.parts = make(map[string]action.Action)
	for name, cfg := range map[string]configuration{addCard: several, openCard: several, memberCard: {"cards": lists}} {
		if err := c.load(ctx, name, caddyconfig.JSON(cfg, nil)); err != nil {
			return err
		}
	}
	if isGiven(c.Activation) {
		cfg := make(configuration)
		if err := json.Unmarshal(c.Activation, &cfg); err != nil {
			return fmt.Errorf("%s: %w", activation, err)
		}
		if own, _ := cfg["cards"].([]any); len(own) == 0 {
			cfg["cards"] = lists
		}
		if err := c.load(ctx, activation, caddyconfig.JSON(cfg, nil)); err != nil {
			return err
		}
	}
	if isGiven(c.JSConfig) {
		return c.load(ctx, jsConfig, c.JSConfig)
	}
	return nil
}

// isGiven tells whether there is a configuration.
func isGiven(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// load provisions one of the actions.
func (c *Cards) load(ctx caddy.Context, name string, raw json.RawMessage) error {
	mod, err := ctx.LoadModuleByID(action.Namespace+"."+name, raw)
	if err != nil {
		return err
	}
	act, ok := mod.(action.Action)
	if !ok {
		return fmt.Errorf("%T is no action", mod)
	}
	c.parts[name] = act
	return nil
}

// check refuses a list that is not of cards by their ids.
func check(listed *cards.Set) error {
	if listed.Any != nil {
		return errors.New("cards lists cards by their ids, not *: for all cards of the account there are add_card, open_card and member_card_component")
	}
	return listed.CheckNotEmpty()
}

// Parts implements Composed.
func (c *Cards) Parts() map[string]action.Action { return c.parts }

// PartOf implements Composed.
func (c *Cards) PartOf(r *http.Request) string {
	switch r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] {
	case "addCard":
		return addCard
	case "openCard":
		return openCard
	case "memberCard":
		return memberCard
	case "activation":
		return activation
	case "jsConfig":
		return jsConfig
	}
	return ""
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	cards <card_id...> {
//		activation {
//			...
//		}
//		js_config {
//			...
//		}
//	}
func (c *Cards) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		words.Arguments: func() error {
			if err := cards.UnmarshalIDList(d, &seen, &c.Cards); err != nil {
				return err
			}
			return words.Located(d, check(&seen))
		},
		activation: func() error { return unmarshalPart(d, &c.Activation) },
		jsConfig:   func() error { return unmarshalPart(d, &c.JSConfig) },
	})
	if err != nil {
		return err
	}
	return words.Located(d, check(&seen))
}

// unmarshalPart reads what an action by the name of the subdirective has.
func unmarshalPart(d *caddyfile.Dispenser, target *json.RawMessage) error {
	name := d.Val()
	if *target != nil {
		return words.AlreadySpecified(d, name)
	}
	part, err := words.Guest(d, action.Namespace, name, "action")
	if err != nil {
		return words.Alone(err)
	}
	*target = caddyconfig.JSON(part, nil)
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Cards)(nil)
	_ action.Composed       = (*Cards)(nil)
	_ caddyfile.Unmarshaler = (*Cards)(nil)
)
