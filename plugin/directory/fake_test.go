package directory_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// id makes an app id of a number.
func id(n int) string { return fmt.Sprintf("wx%016x", n) }

var errDown = errors.New("down")

// fake is a source in memory that counts looks.
type fake struct {
	name     string
	fresh    time.Duration
	readOnly bool

	mu      sync.Mutex
	entries map[string]directory.Entry // by app id
	looks   int
	err     error         // of each look
	takes   time.Duration // each look
}

func newFake(name string, accounts ...string) *fake {
	f := &fake{name: name, fresh: 500 * time.Millisecond, entries: make(map[string]directory.Entry)}
	for i := 0; i < len(accounts); i += 2 {
		f.set(accounts[i], accounts[i+1])
	}
	return f
}

func (f *fake) set(appID, alias string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries[appID] = directory.Entry{AppID: appID, Alias: alias, Source: f.name, Version: alias}
}

func (f *fake) drop(appID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.entries, appID)
}

func (f *fake) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// looked is how many looks there were since it was asked last.
func (f *fake) looked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.looks
	f.looks = 0
	return n
}

func (f *fake) Name() string { return f.name }

func (f *fake) Look(ctx context.Context, name string) (directory.Entry, error) {
	f.mu.Lock()
	f.looks++
	takes, err := f.takes, f.err
	found, ok := f.entries[name]
	if !object.IsAppID(name) {
		for _, e := range f.entries {
			if e.Alias == name {
				found, ok = e, true
			}
		}
	}
	f.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return directory.Entry{}, ctx.Err()
		}
	}
	switch {
	case err != nil:
		return directory.Entry{}, err
	case !ok:
		return directory.Entry{}, directory.ErrUnknown
	}
	return found, nil
}

func (f *fake) List(context.Context) ([]directory.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readOnly {
		return nil, directory.ErrReadOnly
	}
	return slices.SortedFunc(maps.Values(f.entries), func(a, b directory.Entry) int { return cmp.Compare(a.AppID, b.AppID) }), f.err
}

func (f *fake) Put(_ context.Context, appID string, raw json.RawMessage) error {
	if f.readOnly {
		return directory.ErrReadOnly
	}
	a, err := object.ParseSettings(appID, raw, nil)
	if err != nil {
		return err
	}
	f.set(appID, a.Alias)
	return nil
}

func (f *fake) Remove(_ context.Context, appID string) error {
	if f.readOnly {
		return directory.ErrReadOnly
	}
	f.drop(appID)
	return nil
}

func (f *fake) Fresh() time.Duration { return f.fresh }

func (f *fake) Close() {}

// fading is a fake that fades.
type fading struct{ *fake }

func (fading) Fades() time.Duration { return time.Hour }

func open(sources ...directory.Source) *directory.Directory {
	return directory.New(directory.Config{Sources: sources, Taken: func(name string) bool { return name == "default" || name == id(0) }})
}

// want checks whose a name is; of is "": nobody's.
func want(t *testing.T, d *directory.Directory, name, of string) {
	t.Helper()
	e, err := d.Find(t.Context(), name, "")
	if of == "" && !errors.Is(err, directory.ErrUnknown) || of != "" && (err != nil || e.AppID != of) {
		t.Errorf("%s: got %+v, %v", name, e, err)
	}
}
