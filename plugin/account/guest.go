package account

import (
	"context"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// ErrNotOurs is why a guest has no access_token of token source Classic.
var ErrNotOurs = errors.New("there is no access_token in the store, and with token_source classic a process beside the one that serves must not fetch one: that would end the other's")

var errReadOnly = errors.New("this process only reads the store")

// Guest gives the configuration of a process beside the one that serves: a command. It takes what is shared through the
// Store and leaves nothing there, neither values nor locks; it never forces a refresh; and with token source Classic it
// fetches no access_token, for that would end the other process's.
func (c Config) Guest() Config {
	c.guest, c.ForceRefresh = true, false
	c.Observe = nil // whoever is told of events is told by the one that serves
	if c.Store != nil {
		c.Store = readOnly{c.Store}
	}
	return c
}

// readOnly is a Store that somebody else writes. It tells no record's age: some stores write to learn it.
type readOnly struct{ store credential.Store }

func (readOnly) Lock(context.Context, string) error          { return errReadOnly }
func (readOnly) Unlock(context.Context, string) error        { return errReadOnly }
func (readOnly) Store(context.Context, string, []byte) error { return errReadOnly }

func (r readOnly) Load(ctx context.Context, key string) ([]byte, error) {
	return r.store.Load(ctx, key)
}
