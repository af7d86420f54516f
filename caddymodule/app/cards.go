package app

import (
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// cardsInUse collects which cards the handlers of a configuration name. Handlers add to it while the configuration is
// loaded.
type cardsInUse struct {
	mu   sync.Mutex
	uses map[string][]cardUses // by account name; "": whichever a request is for
}

// cardUses are what one action does with its cards.
type cardUses []doctor.CardUse

// add notes the cards of an action, for an account; for whichever a request is for when the name is empty. It gives those
// that it, or another one, signs for choosing while the other decides with what they are added.
func (c *cardsInUse) add(account, name string, act action.Action) (bypassed []string) {
	user, ok := act.(action.CardUser)
	if !ok {
		return nil
	}
	uses := cardUses(user.CardUses())
	for i := range uses {
		uses[i].Action = name
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.uses == nil {
		c.uses = make(map[string][]cardUses)
	}
	for with, others := range c.uses {
		if account != "" && with != "" && with != account {
			continue
		}
		for _, other := range others {
			bypassed = append(bypassed, uses.bypasses(other)...)
			bypassed = append(bypassed, other.bypasses(uses)...)
		}
	}
	c.uses[account] = append(c.uses[account], uses)
	slices.Sort(bypassed)
	return slices.Compact(bypassed)
}

// of lists what is done with the cards of an account.
func (c *cardsInUse) of(account string) []doctor.CardUse {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []doctor.CardUse
	for _, uses := range c.uses[account] {
		all = append(all, uses...)
	}
	return all
}

// decided tells whether an action decides with what a card of an account is added.
func (c *cardsInUse) decided(account, cardID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range []string{account, ""} {
		for _, uses := range c.uses[name] {
			if uses.find(cardID).Decides {
				return true
			}
		}
	}
	return false
}

// find gives what is done with a card: its own use beats that of all others.
func (u cardUses) find(cardID string) (found doctor.CardUse) {
	for _, use := range u {
		if use.CardID == cardID {
			return use
		}
		if use.CardID == cards.Any {
			found = use
		}
	}
	return found
}

// bypasses lists the cards that are signed here for choosing, while the other action decides with what they are added; with
// the id "*" among them for those that neither names.
func (u cardUses) bypasses(other cardUses) (ids []string) {
	for _, use := range u {
		if use.Chooses && other.find(use.CardID).Decides {
			ids = append(ids, use.CardID)
		}
	}
	for _, use := range other {
		if use.Decides && u.find(use.CardID).Chooses {
			ids = append(ids, use.CardID)
		}
	}
	return ids
}
