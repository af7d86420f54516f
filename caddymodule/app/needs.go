package app

import (
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// needs collects which credentials the handlers of a configuration use. Handlers add to it while the configuration is
// loaded; the admin endpoint may read it meanwhile.
type needs struct {
	mu    sync.Mutex
	kinds map[string]map[credential.Kind]struct{} // by account name; "": all accounts

	noToken    map[string]bool // accounts whose calls need no access_token
	ownTickets map[string]bool // accounts whose tickets are fetched without it
}

func newNeeds() *needs {
	return &needs{
		kinds:      make(map[string]map[credential.Kind]struct{}),
		noToken:    make(map[string]bool),
		ownTickets: make(map[string]bool),
	}
}

// account notes what an account is like.
func (n *needs) account(name string, noToken, ownTickets bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.noToken[name], n.ownTickets[name] = noToken, ownTickets
}

// add notes that a handler uses kinds of an account; of all accounts when the name is empty.
func (n *needs) add(kinds []credential.Kind, account string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kinds[account] == nil {
		n.kinds[account] = make(map[credential.Kind]struct{})
	}
	for _, kind := range kinds {
		n.kinds[account][kind] = struct{}{}
	}
}

// of lists what is used of an account; with a ticket also the access_token, if tickets are fetched with it.
func (n *needs) of(account string) []credential.Kind {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.kinds[""])+len(n.kinds[account]) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(credential.Kinds), func(kind credential.Kind) bool {
		_, byAll := n.kinds[""][kind]
		_, byName := n.kinds[account][kind]
		used := byAll || byName
		if kind == credential.AccessToken {
			return n.noToken[account] || !used && n.ownTickets[account]
		}
		return !used
	})
}
