// Package credential keeps WeChat's short-lived credentials.
package credential

import (
	"context"
	"fmt"
	"time"
)

// Kind of credential.
type Kind string

// The three kinds.
const (
	AccessToken Kind = "access_token"
	APITicket   Kind = "api_ticket"
	JSAPITicket Kind = "jsapi_ticket"
)

// Store is where a fleet shares credentials. Caddy's storage (certmagic.Storage) satisfies it.
type Store interface {
	Lock(ctx context.Context, name string) error
	Unlock(ctx context.Context, name string) error
	Store(ctx context.Context, key string, value []byte) error
	Load(ctx context.Context, key string) ([]byte, error) // fs.ErrNotExist when there is none
}

// Unavailable says that there is no usable credential just now.
type Unavailable struct {
	Kind    Kind
	RetryAt time.Time
	Err     error
}

func (e *Unavailable) Error() string { return fmt.Sprintf("no usable %s: %v", e.Kind, e.Err) }
func (e *Unavailable) Unwrap() error { return e.Err }
