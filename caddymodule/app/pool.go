package app

import (
	"errors"

	"github.com/caddyserver/caddy/v2"
)

// statePool holds, by plugin.SharedKey, what outlives a configuration: no reload loses a credential or repeats a call.
var statePool = caddy.NewUsagePool()

// PoolReferences tells by how many configurations each part of what outlives them is held.
func PoolReferences() map[any]int {
	refs := make(map[any]int)
	statePool.Range(func(key, _ any) bool {
		refs[key] = 0
		return true
	})
	for key := range refs {
		refs[key], _ = statePool.References(key)
	}
	return refs
}

// pooled is what a configuration holds of statePool. It stands apart from the App, which is not written to any more once
// it is provisioned: events that are under way when it ends still look at it.
type pooled struct{ keys []string }

// release gives everything back, once.
func (p *pooled) release() (err error) {
	for _, key := range p.keys {
		_, deleteErr := statePool.Delete(key)
		err = errors.Join(err, deleteErr)
	}
	p.keys = nil
	return err
}
