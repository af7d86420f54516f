package app

import (
	"maps"
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// needs collects which credentials the handlers of a configuration use. Handlers add to it while the configuration is
// loaded; the admin endpoint may read it meanwhile.
type needs struct {
	mu    sync.Mutex
	kinds map[string]map[credential.Kind]struct{} // by account name; "": all accounts

	traits   map[string]traits   // by name
	programs map[string]struct{} // app ids of the mini programs that are used of accounts that are data; "": the first of each
}

// traits are what matters here of an account or a mini program.
type traits struct {
	noToken     bool // its calls need no access_token
	ownTickets  bool // its tickets are fetched without it
	miniProgram bool // it has no tickets
	noAccount   bool // it is no account: no request is for it by its name
}

// tokenOnly is what a mini program has.
var tokenOnly = []credential.Kind{credential.AccessToken}

func newNeeds() *needs {
	return &needs{kinds: make(map[string]map[credential.Kind]struct{}), traits: make(map[string]traits), programs: make(map[string]struct{})}
}

// account notes what an account or a mini program is like.
func (n *needs) account(name string, t traits) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.traits[name] = t
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
	byAll, t := n.kinds[""], n.traits[account]
	if t.noAccount {
		byAll = nil
	}
	if len(byAll)+len(n.kinds[account]) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(credential.Kinds), func(kind credential.Kind) bool {
		_, ofAll := byAll[kind]
		_, ofThis := n.kinds[account][kind]
		used := ofAll || ofThis
		if kind == credential.AccessToken {
			return t.noToken || !used && t.ownTickets
		}
		return !used || t.miniProgram
	})
}

// addProgram notes that a handler uses the access_token of a mini program of accounts that are data; the empty one is the first of each.
func (n *needs) addProgram(appID string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.programs[appID] = struct{}{}
}

// ofData is of for an account that is data, by all names that a route may have for it.
func (n *needs) ofData(names []string, miniProgram bool) []credential.Kind {
	n.mu.Lock()
	defer n.mu.Unlock()
	used := maps.Clone(n.kinds[""])
	for _, name := range names {
		for kind := range n.kinds[name] {
			if used == nil {
				used = make(map[credential.Kind]struct{})
			}
			used[kind] = struct{}{}
		}
	}
	if len(used) == 0 {
		return nil
	}
	if miniProgram {
		return tokenOnly
	}
	return slices.DeleteFunc(slices.Clone(credential.Kinds), func(kind credential.Kind) bool {
		_, isUsed := used[kind]
		return !isUsed && kind != credential.AccessToken // which tickets are fetched with
	})
}

// ofProgram is of for a mini program of an account that is data; first: it is the account's first.
func (n *needs) ofProgram(appID string, first bool) []credential.Kind {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, used := n.programs[appID]
	_, firsts := n.programs[""]
	if used || first && firsts {
		return tokenOnly
	}
	return nil
}
