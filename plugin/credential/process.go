package credential

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/turns"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/wake"
)

// Process is what the Keepers of all accounts in a process share: whose call comes next (package turns), and who is looked after
// when (package wake). It outlives configurations. Its zero value is ready for use.
type Process struct {
	turns turns.Queue
	wakes wake.Scheduler
}

// NewKeepers makes the Keepers of an account. They hold no value yet and run nothing.
func NewKeepers(id ID) *Keepers { return new(Process).NewKeepers(id) }
