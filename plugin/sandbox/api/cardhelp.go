package api

import (
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// What surrounds making a card: the colours that it can have, and who may have it before it is approved. The phone here
// gives cards to anybody, approved or not, so the test white list is only remembered, and each call replaces it.

// maxTesters is how long the test white list may be.
const maxTesters = 10

func getColors(*call) (any, error) {
	type color struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	list := make([]color, 0, len(cards.Colors))
	for _, name := range slices.Sorted(maps.Keys(cards.Colors)) {
		list = append(list, color{name, cards.Colors[name]})
	}
	return struct {
		wire.Status
		Colors []color `json:"colors"`
	}{wire.OK, list}, nil
}

func setTestWhitelist(c *call) (any, error) {
	req, err := wire.Decode[struct {
		OpenIDs   []string `json:"openid"`
		UserNames []string `json:"username"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if n := len(req.OpenIDs) + len(req.UserNames); n == 0 || n > maxTesters {
		return nil, wire.ErrBadArgs
	}
	for _, id := range req.OpenIDs {
		if person, found := c.world.Users.Find(id); found && person.App != "" && person.App != c.app.ID {
			return nil, wire.ErrBadOpenID
		}
	}
	return wire.OK, nil
}
