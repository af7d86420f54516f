// Package directory finds accounts that are data: objects in a folder, in a Redis, behind a URL, or whoever authorised a component.
package directory

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

var (
	// ErrUnknown says that no source has an account of a name.
	ErrUnknown = errors.New("no such account")

	// ErrReadOnly says that a source takes no changes.
	ErrReadOnly = errors.New("this source of accounts is only read")
)

// Entry is one account that is data.
type Entry struct {
	AppID    string
	Alias    string          // empty: none
	Key      string          // what relay and credentials want with each call; empty: they are refused
	Object   json.RawMessage // the whole object, its sealed values opened: never shown
	Source   string          // which source it came from, as the configuration has it: "file /etc/accounts", "platform shop"
	Version  string          // another one whenever anything of it changes
	Platform string          // the component whose authorisation it is; empty: it has its own app_secret or token_source

	IsMiniProgram bool // with Platform: WeChat says that it is a mini program
}

// Source is where accounts lie. Any number of goroutines may use it.
type Source interface {
	// Name is the source as the configuration has it, without secrets.
	Name() string

	// Look finds an account by its app id or alias. ErrUnknown: there is none. Another error says that it cannot be told now.
	Look(ctx context.Context, name string) (Entry, error)

	// List gives all accounts, sorted by app id. ErrReadOnly where a source cannot list.
	List(ctx context.Context) ([]Entry, error)

	// Put writes an account's object; ErrReadOnly where a source takes none.
	Put(ctx context.Context, appID string, object json.RawMessage) error

	// Remove takes an account away; ErrUnknown, ErrReadOnly.
	Remove(ctx context.Context, appID string) error

	// Fresh is how long what Look gave may be believed.
	Fresh() time.Duration

	// Close ends what the source holds open.
	Close()
}

// Config is what a Directory needs to know.
type Config struct {
	Sources []Source
	Taken   func(alias string) bool // whether a configured account has this name; required
	Now     func() time.Time        // nil: time.Now
}

// Directory finds accounts in its sources, the first that has a name wins, and remembers them and unknown names, in bounded memory.
type Directory struct{}

// New makes a Directory.
func New(Config) *Directory { return new(Directory) }

// Find gives the account of a name that no configured account has: an app id, or an alias. ErrUnknown: there is none, whatever the
// name looks like. client is the network that asks (as of plugin/recent); one network may look for so many unknown names a minute.
func (d *Directory) Find(ctx context.Context, name, client string) (Entry, error) {
	return Entry{}, ErrUnknown
}

// List gives all accounts of all sources that can list, sorted by app id, the winning one of each.
func (d *Directory) List(ctx context.Context) ([]Entry, error) { return nil, nil }

// Put writes an account to the source named, or to the first that takes one.
func (d *Directory) Put(ctx context.Context, source, appID string, object json.RawMessage) error {
	return nil
}

// Remove takes an account away, from the source that has it.
func (d *Directory) Remove(ctx context.Context, appID string) error { return nil }
