package cards

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// colourField is the field of base_info that is one thing when it is read and another when it is written.
const colourField = "color"

// Colours are the names of the colours that a card can have, and the values that /card/get gives in their place.
type Colours map[string]string

// Documented are the colours of WeChat's page on creating cards. What /card/getcolors answers goes before them: accounts
// see other values for the same names.
func Documented() Colours {
	return Colours{
		"Color010": "#63b359", "Color020": "#2c9f67", "Color030": "#509fc9", "Color040": "#5885cf", "Color050": "#9062c0",
		"Color060": "#d09a45", "Color070": "#e4b138", "Color080": "#ee903c", "Color081": "#f08500", "Color082": "#a9d92d",
		"Color090": "#dd6549", "Color100": "#cc463d", "Color101": "#cf3e36", "Color102": "#5e6671",
	}
}

// value is a colour as /card/get would give it.
func (c Colours) value(colour string) string {
	if value, ok := c[colour]; ok {
		colour = value
	}
	return strings.ToLower(colour)
}

// name is a colour as /card/create and /card/update want it.
func (c Colours) name(colour string) (string, error) {
	if _, ok := c[colour]; ok || !strings.HasPrefix(colour, "#") {
		return colour, nil // which names there are only WeChat knows
	}
	names := slices.Sorted(maps.Keys(c))
	for _, name := range names {
		if strings.EqualFold(c[name], colour) {
			return name, nil
		}
	}
	return "", fmt.Errorf("WeChat takes no color %s: it has to be one of %s", colour, strings.Join(names, ", "))
}
