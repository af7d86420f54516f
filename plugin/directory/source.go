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

	// ErrReadOnly says that a source takes no changes, or tells nobody what it has.
	ErrReadOnly = errors.New("this source of accounts is only read")
)

// Broken says that there is an account, and that what a source has of it is of no use. Of other accounts it says nothing.
type Broken struct {
	Name string // app id or alias
	Err  error
}

// Error says what is wrong.
func (b *Broken) Error() string { return "the data of account " + b.Name + ": " + b.Err.Error() }

// Unwrap gives what is wrong.
func (b *Broken) Unwrap() error { return b.Err }

// Source is where accounts lie. Any number of goroutines may use it. It is asked only for names that are app ids or aliases.
type Source interface {
	// Name is the source as the configuration has it, without secrets.
	Name() string

	// Look finds an account by its app id or alias. ErrUnknown: there is none. *Broken: there is one, and it cannot be used.
	// Another error says that it cannot be told now.
	Look(ctx context.Context, name string) (Entry, error)

	// List gives all accounts, sorted by app id. ErrReadOnly where a source cannot list. With another error it gives those that
	// could be read.
	List(ctx context.Context) ([]Entry, error)

	// Put writes an account's object; ErrReadOnly where a source takes none. A *object.Fault says what is wrong with the object.
	Put(ctx context.Context, appID string, object json.RawMessage) error

	// Remove takes an account away; ErrUnknown, ErrReadOnly.
	Remove(ctx context.Context, appID string) error

	// Fresh is how long what Look gave may be believed.
	Fresh() time.Duration

	// Close ends what the source holds open.
	Close()
}

// Fading is a Source whose accounts do not serve for as long as the process lives when it cannot be asked.
type Fading interface {
	// Fades is how long they serve past Fresh.
	Fades() time.Duration
}
