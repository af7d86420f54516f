package app

import (
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"

	"github.com/caddyserver/caddy/v2"
)

var (
	// statePool holds, by plugin.SharedKey, what outlives a configuration: no reload loses a credential or repeats a call.
	statePool = caddy.NewUsagePool()

	// connectionsPool holds, by their settings, the connections to WeChat and to those who keep credentials in its place: however
	// many accounts and configurations there are, a host sees so many of them and no more.
	connectionsPool = caddy.NewUsagePool()

	// process is what the accounts of all configurations share.
	process = new(credential.Process)
)

// PoolReferences tells by how many configurations each part of what outlives them is held.
func PoolReferences() map[any]int {
	refs := make(map[any]int)
	for _, pool := range []*caddy.UsagePool{statePool, platformPool} {
		var keys []any
		pool.Range(func(key, _ any) bool {
			keys = append(keys, key)
			return true
		})
		for _, key := range keys {
			refs[key], _ = pool.References(key)
		}
	}
	return refs
}

// pooled is what a configuration holds of the pools. It stands apart from the App, which is not written to any more once
// it is provisioned: events that are under way when it ends still look at it.
type pooled struct {
	states      []string
	platforms   []string
	connections []settings
}

// state gives what outlives the configuration of an account.
func (p *pooled) state(cfg plugin.AccountConfig) *plugin.State {
	key := plugin.SharedKey(cfg)
	state, _, _ := statePool.LoadOrNew(key, func() (caddy.Destructor, error) { return lasting{plugin.NewState(cfg)}, nil })
	p.states = append(p.states, key)
	return state.(lasting).State
}

// connect gives the connections of cfg's settings.
func (p *pooled) connect(key settings, cfg wechat.Config) *wechat.Connections {
	connections, _, _ := connectionsPool.LoadOrNew(key, func() (caddy.Destructor, error) { return open{wechat.Connect(cfg)}, nil })
	p.connections = append(p.connections, key)
	return connections.(open).Connections
}

// release gives everything back, once.
func (p *pooled) release() (err error) {
	for _, key := range p.states {
		_, deleteErr := statePool.Delete(key)
		err = errors.Join(err, deleteErr)
	}
	for _, key := range p.platforms {
		_, deleteErr := platformPool.Delete(key)
		err = errors.Join(err, deleteErr)
	}
	for _, key := range p.connections {
		_, deleteErr := connectionsPool.Delete(key)
		err = errors.Join(err, deleteErr)
	}
	p.states, p.platforms, p.connections = nil, nil, nil
	return err
}

// settings are what connections are made with.
type settings struct {
	timeout time.Duration
	proxy   string // as it is configured, expanded
	roots   string // a hash of those that are trusted beside the system's; empty: there are none
}

// lasting is a State in a pool.
type lasting struct{ *plugin.State }

// Destruct implements caddy.Destructor.
func (lasting) Destruct() error { return nil }

// open is Connections in a pool.
type open struct{ *wechat.Connections }

// Destruct implements caddy.Destructor.
func (o open) Destruct() error {
	o.Close()
	return nil
}
