package app

import (
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
)

// cardsInUse collects which cards the handlers of a configuration name. Handlers add to it while the configuration is
// loaded.
type cardsInUse struct {
	mu   sync.Mutex
	uses map[string][]doctor.CardUse // by account name; "": whichever a request is for
}

// add notes the cards of an action, for an account; for whichever a request is for when the name is empty.
func (c *cardsInUse) add(account, name string, act action.Action) {
	user, ok := act.(action.CardUser)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.uses == nil {
		c.uses = make(map[string][]doctor.CardUse)
	}
	for _, use := range user.CardUses() {
		use.Action = name
		c.uses[account] = append(c.uses[account], use)
	}
}

// of lists what is done with the cards of an account.
func (c *cardsInUse) of(account string) []doctor.CardUse {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.uses[account])
}
