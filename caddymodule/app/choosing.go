package app

import (
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
)

// choosing collects the actions of a configuration that accounts are shown to before they start. Handlers add to it while the configuration
// is loaded.
type choosing struct {
	mu  sync.Mutex
	all []chooser
}

// chooser is an action, for an account by its name; for whichever a request is for when the name is empty.
type chooser struct {
	account string
	action.Choosing
}

func (c *choosing) add(account string, act action.Choosing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, chooser{account, act})
}

// show shows an account that is data, by all names that a route may have for it, to the actions that requests for it may be for. What
// they think of it is asked again with each request.
func (c *choosing) show(names []string, account *plugin.Account) {
	c.mu.Lock()
	all := slices.Clone(c.all)
	c.mu.Unlock()
	for _, one := range all {
		if one.account == "" || slices.Contains(names, one.account) {
			_ = one.CheckAccount(account)
		}
	}
}
