package caddymodule

import (
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
)

// cardUser is an Action whose configuration names cards.
type cardUser interface {
	// cardUses tells what is done with the listed cards; with anyCard among them if others may be asked for.
	cardUses() []plugin.CardUse
}

// cardsInUse collects which cards the handlers of a configuration name. Handlers add to it while the configuration is
// loaded.
type cardsInUse struct {
	mu   sync.Mutex
	uses map[string][]plugin.CardUse // by account name; "": whichever a request is for
}

// add notes the cards of an action, for an account; for whichever a request is for when the name is empty.
func (c *cardsInUse) add(account, name string, action Action) {
	user, ok := action.(cardUser)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.uses == nil {
		c.uses = make(map[string][]plugin.CardUse)
	}
	for _, use := range user.cardUses() {
		use.Action = name
		c.uses[account] = append(c.uses[account], use)
	}
}

// of lists what is done with the cards of an account.
func (c *cardsInUse) of(account string) []plugin.CardUse {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.uses[account])
}

// uses makes a CardUse of each card of the set.
func (s *cardSet) uses(use func(*cardRule) plugin.CardUse) []plugin.CardUse {
	var all []plugin.CardUse
	for _, id := range s.listed {
		u := use(s.byID[id])
		u.CardID = id
		all = append(all, u)
	}
	if s.any != nil {
		u := use(s.any)
		u.CardID = anyCard
		all = append(all, u)
	}
	return all
}

// sending tells whether a field goes with a card.
func (c *cardRule) sending(f field, accept fieldSet) plugin.Sending {
	switch {
	case c.sets(f):
		return plugin.Always
	case accept.has(f):
		return plugin.Maybe
	}
	return plugin.Never
}

func (a *AddCard) cardUses() []plugin.CardUse {
	return a.cards.uses(func(rule *cardRule) plugin.CardUse {
		return plugin.CardUse{
			Adds: true, Code: rule.sending(code, a.accept), OpenID: rule.sending(openID, a.accept),
			FixedBegin: rule.sending(fixedBegin, a.accept),
		}
	})
}

// What a backend asks fill for cannot be seen from here.
func (f *Fill) cardUses() []plugin.CardUse {
	return f.cards.uses(func(*cardRule) plugin.CardUse {
		return plugin.CardUse{Adds: true, Code: plugin.Maybe, OpenID: plugin.Maybe, FixedBegin: plugin.Maybe}
	})
}

func (m *MemberCardComponent) cardUses() []plugin.CardUse {
	return m.cards.uses(func(*cardRule) plugin.CardUse { return plugin.CardUse{OpensComponent: true} })
}

func (o *OpenCard) cardUses() []plugin.CardUse   { return o.cards.uses(onlyNamed) }
func (c *ChooseCard) cardUses() []plugin.CardUse { return c.cards.uses(onlyNamed) }

// onlyNamed is the use of a card about which there is nothing to check but that it is there.
func onlyNamed(*cardRule) plugin.CardUse { return plugin.CardUse{} }

// Interface guards
var (
	_ cardUser = (*AddCard)(nil)
	_ cardUser = (*Fill)(nil)
	_ cardUser = (*MemberCardComponent)(nil)
	_ cardUser = (*OpenCard)(nil)
	_ cardUser = (*ChooseCard)(nil)
)
