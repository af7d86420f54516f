package cards

import (
	"maps"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Colors are WeChat's names of some colours and the values that /card/get gives for them.
var Colors = map[string]string{
	"Color010": "#63b359", "Color020": "#2c9f67", "Color030": "#509fc9", "Color040": "#5885cf", "Color050": "#9062c0",
	"Color060": "#d09a45", "Color070": "#e4b138", "Color080": "#ee903c", "Color081": "#f08500", "Color082": "#a9d92d",
	"Color090": "#dd6549", "Color100": "#cc463d", "Color101": "#cf3e36", "Color102": "#5e6671",
}

// View is the card as /card/get gives it.
func (c *Card) View() map[string]any {
	body := maps.Clone(c.Body)
	base, _ := body["base_info"].(map[string]any)
	base = maps.Clone(base)
	if base == nil {
		base = make(map[string]any)
	}
	base["id"], base["status"] = c.ID, c.Status
	base["create_time"], base["update_time"] = c.Created.Unix(), c.Updated.Unix()
	base["sku"] = map[string]any{"quantity": c.Quantity, "total_quantity": c.Total}
	if name, isText := base["color"].(string); isText && Colors[name] != "" {
		base["color"] = Colors[name]
	}
	body["base_info"] = base
	return map[string]any{"card_type": c.Type, strings.ToLower(c.Type): body}
}

// Look is what a phone shows of a card.
type Look struct {
	CardID string `json:"card_id"`
	Type   string `json:"card_type"`
	Title  string `json:"title"`
	Brand  string `json:"brand_name"`
	Color  string `json:"color"`
	Sprung bool   `json:"sprung"` // nobody made it: its texts are the sandbox's
}

// Look gives what a phone shows of c.
func (c *Card) Look() Look {
	base, _ := c.Body["base_info"].(map[string]any)
	text := func(name string) string {
		v, _ := base[name].(string)
		return v[:min(len(v), wire.MaxText)]
	}
	color := text("color")
	if value, known := Colors[color]; known {
		color = value
	}
	return Look{c.ID, c.Type, strings.ToValidUTF8(text("title"), ""), strings.ToValidUTF8(text("brand_name"), ""), color, c.Sprung}
}
