package sandbox

import (
	"maps"
	"slices"
)

// What surrounds making a card: the colours that it can have, and who may have it before it is approved. The phone here
// gives cards to anybody, approved or not, so the test white list is only remembered, and each call replaces it.

// maxTesters is how long the test white list may be.
const maxTesters = 10

func (s *Sandbox) getColors(*call) (any, error) {
	type color struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	list := make([]color, 0, len(colors))
	for _, name := range slices.Sorted(maps.Keys(colors)) {
		list = append(list, color{name, colors[name]})
	}
	return struct {
		status
		Colors []color `json:"colors"`
	}{ok, list}, nil
}

func (s *Sandbox) setTestWhitelist(c *call) (any, error) {
	req, err := decode[struct {
		OpenIDs   []string `json:"openid"`
		UserNames []string `json:"username"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if n := len(req.OpenIDs) + len(req.UserNames); n == 0 || n > maxTesters {
		return nil, errBadArgs
	}
	for _, id := range req.OpenIDs {
		if person, found := s.people.Get(id); found && person.app != "" && person.app != c.app.id {
			return nil, errBadOpenID
		}
	}
	return ok, nil
}
