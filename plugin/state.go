package plugin

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/activation"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/messages"
)

// State is what an account keeps across configurations: its credentials, what it learnt from WeChat, and its limits; of
// clients' requests it remembers a few megabytes at the most. The host keeps one for each SharedKey for as long as any
// configuration uses it.
type State struct {
	credentials *credential.Keepers
	clock       clock.State
	codes       *codes.State
	component   *component.State
	activation  *activation.State
	messages    *messages.State
}

// NewState makes the State of cfg's SharedKey.
func NewState(cfg AccountConfig) *State {
	decrypt, geturl := cfg.limits()
	return &State{
		credentials: credential.NewKeepers(cfg.core().ID()),
		codes:       codes.NewState(decrypt),
		component:   component.NewState(geturl),
		activation:  activation.NewState(decrypt),
		messages:    messages.NewState(),
	}
}

// limit sets the limits of a configuration, unless they are in force already: a reload fills no bucket.
func (s *State) limit(cfg AccountConfig) {
	decrypt, geturl := cfg.limits()
	s.codes.Limit(decrypt)
	s.component.Limit(geturl)
	s.activation.Limit(decrypt)
}
