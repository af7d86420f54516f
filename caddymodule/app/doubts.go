package app

import (
	"slices"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// doubts collects what is doubtful about the handlers of a configuration. They add to it while the configuration is loaded.
type doubts struct {
	mu       sync.Mutex
	findings map[string][]doctor.Finding // by account name; "": whichever a request is for
}

// add notes what is doubtful about an action, for an account; for whichever a request is for when the name is empty.
func (d *doubts) add(account string, act action.Action) {
	doubtful, ok := act.(action.Doubtful)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.findings == nil {
		d.findings = make(map[string][]doctor.Finding)
	}
	d.findings[account] = append(d.findings[account], doubtful.Doubts()...)
}

// of lists what is doubtful about an account's actions.
func (d *doubts) of(account string) []doctor.Finding {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.findings[account])
}
