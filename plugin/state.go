package plugin

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/activation"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/lending"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/login"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/messages"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
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
	login       *login.State
	lending     *lending.State
	messages    *messages.State
	oauth       *oauth.State
}

// NewState makes the State of cfg's SharedKey.
func NewState(cfg AccountConfig) *State {
	limits := cfg.limits()
	process := cfg.Process
	if process == nil {
		process = new(credential.Process)
	}
	return &State{
		credentials: process.NewKeepers(cfg.core().ID()),
		codes:       codes.NewState(limits.decrypt, limits.activation),
		component:   component.NewState(limits.geturl),
		activation:  activation.NewState(limits.activation),
		login:       login.NewState(limits.login),
		lending:     lending.NewState(),
		messages:    messages.NewState(),
		oauth:       oauth.NewState(),
	}
}

// limit sets the limits of a configuration, unless they are in force already: a reload fills no bucket.
func (s *State) limit(cfg AccountConfig) {
	limits := cfg.limits()
	s.codes.Limit(limits.decrypt, limits.activation)
	s.component.Limit(limits.geturl)
	s.activation.Limit(limits.activation)
	s.login.Limit(limits.login)
}
