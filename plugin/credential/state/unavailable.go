package state

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// Unavailable says that there is no usable credential just now, whatever the cause.
type Unavailable struct {
	Kind    value.Kind
	RetryAt time.Time // when the next attempt is due, by the local clock
	Err     error     // the last failure; a *wechat.Error where WeChat's answer was the cause
}

// Error names the kind and the cause. It holds no credential.
func (e *Unavailable) Error() string {
	return fmt.Sprintf("no usable %s: %v", e.Kind, e.Err)
}

// Unwrap gives the cause.
func (e *Unavailable) Unwrap() error { return e.Err }
