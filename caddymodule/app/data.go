package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Accounts that are data come and go while a configuration is in use. Each is made at its first request, kept warm for a day after its
// last, and made anew when its data change. They share with configured ones whatever outlives a configuration.

const (
	warmFor     = 24 * time.Hour // after its last request an account is kept warm so long
	sweepEvery  = time.Minute
	lookEvery   = 10              // sweeps: so often it is looked whether an account that nobody asks for is still there
	resumeEvery = 5 * time.Second // what an account of the configuration before is today is asked again so often, where it cannot be told
)

// Directory finds the accounts that are data; nil: the configuration has no sources of them.
func (a *App) Directory() *directory.Directory {
	if a.data == nil {
		return nil
	}
	return a.data.directory
}

// Find gives an account by what routes call it: the name of a configured one, or, where there are sources of accounts, an app_id or an
// alias. The Entry of a configured account is empty. client is the network that asks, as clients.Network gives it.
// directory.ErrUnknown: there is none. Another error says that it cannot be told now.
func (a *App) Find(ctx context.Context, name, client string) (*plugin.Account, directory.Entry, error) {
	if account := a.accounts[name]; account != nil {
		return account, directory.Entry{}, nil
	}
	if a.data == nil {
		return nil, directory.Entry{}, directory.ErrUnknown
	}
	if account := a.byAppID[name]; account != nil {
		return account, directory.Entry{}, nil
	}
	entry, err := a.data.directory.Find(ctx, name, client)
	if err != nil {
		if errors.Is(err, directory.ErrUnknown) {
			a.data.remove(name)
		}
		return nil, directory.Entry{}, err
	}
	account, err := a.data.account(entry, time.Now())
	return account, entry, err
}

// DataInUse lists the app ids of the accounts that are data and kept warm, sorted.
func (a *App) DataInUse() []string {
	if a.data == nil {
		return nil
	}
	a.data.mu.RLock()
	defer a.data.mu.RUnlock()
	return slices.Sorted(maps.Keys(a.data.live))
}

func (a *App) dataInUse() (n int, has bool) {
	if a.data == nil {
		return 0, false
	}
	a.data.mu.RLock()
	defer a.data.mu.RUnlock()
	return len(a.data.live), true
}

// DataAccount gives an account that is data and in use by its app_id; nil: there is none. It looks for nothing and counts as no use.
func (a *App) DataAccount(appID string) *plugin.Account {
	if a.data == nil {
		return nil
	}
	a.data.mu.RLock()
	defer a.data.mu.RUnlock()
	if one := a.data.live[appID]; one != nil {
		return one.account
	}
	return nil
}

// namesOf lists what a route may call an account that is data, by its app id.
func (d *data) namesOf(appID string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if one := d.live[appID]; one != nil {
		return one.names
	}
	return []string{appID}
}

// inUse gives an account that is data and in use, by any of its names; nil: there is none.
func (d *data) inUse(name string) *dataAccount {
	d.mu.RLock()
	defer d.mu.RUnlock()
	one := d.live[name]
	if one == nil {
		for _, other := range d.live {
			if slices.Contains(other.names, name) {
				one = other
			}
		}
	}
	if one == nil || one.account == nil {
		return nil
	}
	return one
}

// common is what all accounts of a configuration have in common.
type common struct {
	client  *wechat.Client
	openURL string
	store   credential.Store
	emitter *observe.Emitter
	audit   *observe.Audit
}

// data is the accounts of one configuration that are data.
type data struct {
	common
	app       *App
	directory *directory.Directory
	sources   []directory.Source
	logger    *slog.Logger

	mu    sync.RWMutex
	live  map[string]*dataAccount // by app id
	phase phase
	end   context.CancelFunc // of what runs
	wg    sync.WaitGroup     // what runs
	ticks int
}

// phase is where a configuration is in its life.
type phase int

const (
	idle     phase = iota // provisioned: accounts can be used, and nothing runs
	running               // started
	stopped               // as idle; what was made before can be used
	released              // nothing is held of the pools any more
)

// account gives the account of an entry, as its data are now.
func (d *data) account(e directory.Entry, now time.Time) (*plugin.Account, error) {
	d.mu.RLock()
	one := d.live[e.AppID]
	d.mu.RUnlock()
	if one == nil || one.version != versionOf(e) {
		one = d.replace(e, now.Unix())
	}
	one.used.Store(now.Unix())
	return one.account, one.err
}

// versionOf tells one state of an account's data from all others.
func versionOf(e directory.Entry) string { return e.Source + " " + e.Version }

// replace makes the account of an entry, in the place of the one that there may be of its data before. Data that will not do leave that
// one in its place. used is when it was used last, if there was none before.
func (d *data) replace(e directory.Entry, used int64) *dataAccount {
	made := d.plan(e)
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.live[e.AppID]
	if before != nil && before.version == versionOf(e) {
		return before
	}
	one := d.open(e, made)
	one.used.Store(used)
	if one.err != nil {
		d.logger.Warn("the data of an account will not do", "account", e.AppID, "source", e.Source, "error", one.err.Error(),
			"others_serve", before != nil && before.account != nil)
		if before != nil && before.account != nil {
			kept := before.as(versionOf(e))
			d.live[e.AppID] = kept
			return kept
		}
	}
	if before != nil {
		one.used.Store(before.used.Load())
	}
	d.live[e.AppID] = one
	if d.phase == running {
		one.start(d.app.needs)
	}
	d.drop(before)
	return one
}

// remove takes an account away that is gone, by its app id.
func (d *data) remove(appID string) {
	d.mu.RLock()
	one := d.live[appID]
	d.mu.RUnlock()
	if one == nil {
		return // or the name is an alias, whose account is looked at by its app id
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(d.live[appID])
	delete(d.live, appID)
}

// drop ends what runs for an account, beside whoever calls, and gives back what it holds; d.mu is held.
func (d *data) drop(one *dataAccount) {
	if one == nil {
		return
	}
	end := func() {
		one.stop()
		one.release()
	}
	if d.phase <= running {
		d.wg.Go(end)
	} else {
		go end() // nobody waits any more
	}
}
