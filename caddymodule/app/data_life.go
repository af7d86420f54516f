package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"

	"github.com/caddyserver/caddy/v2"
)

// inUse are the configurations of this process that run, with accounts that are data: at a reload the next takes over what the last has in
// use.
var inUse struct {
	sync.Mutex
	all map[*data]struct{}
}

// start makes this configuration the current one of its accounts, and takes over those that others have in use.
func (d *data) start() {
	ctx, end := context.WithCancel(context.Background())
	d.mu.Lock()
	d.phase, d.end = running, end
	for _, one := range d.live { // which were asked for before
		one.start(d.app.needs)
	}
	taken := takeOver(d)
	d.wg.Go(func() {
		d.sweepUntil(ctx)
	})
	d.wg.Go(func() { d.resume(ctx, taken) })
	d.mu.Unlock()
}

// heir is an account that another configuration has in use.
type heir struct {
	appID string
	used  int64
	keys  []string // of statePool, held until the account is made here
}

// takeOver holds what others have in use, so that it outlives them; d is one of those in use then.
func takeOver(d *data) (taken []heir) {
	inUse.Lock()
	defer inUse.Unlock()
	for other := range inUse.all {
		taken = append(taken, other.heirs()...)
	}
	if inUse.all == nil {
		inUse.all = make(map[*data]struct{})
	}
	inUse.all[d] = struct{}{}
	return taken
}

// heirs holds all that is in use here.
func (d *data) heirs() (all []heir) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for appID, one := range d.live {
		h := heir{appID: appID, used: one.used.Load()}
		for _, key := range one.keys {
			if _, _, err := statePool.LoadOrNew(key, func() (caddy.Destructor, error) { return nil, errGone }); err == nil {
				h.keys = append(h.keys, key)
			}
		}
		all = append(all, h)
	}
	return all
}

var errGone = errors.New("it is gone")

// resume makes the accounts that others had in use, one after the other: those of the sources that there are now. What cannot be told
// now is held until it can.
func (d *data) resume(ctx context.Context, taken []heir) {
	for {
		taken = d.resumeThose(ctx, taken)
		if len(taken) == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(resumeEvery):
		}
	}
}

// resumeThose is one round of resume. It gives those that are left.
func (d *data) resumeThose(ctx context.Context, taken []heir) (left []heir) {
	for _, h := range taken {
		if ctx.Err() == nil && d.app.byAppID[h.appID] == nil {
			entry, err := d.look(ctx, h.appID)
			_, isBroken := errors.AsType[*directory.Broken](err)
			switch {
			case err == nil:
				d.replace(entry, h.used)
			case ctx.Err() == nil && !isBroken && !errors.Is(err, directory.ErrUnknown):
				left = append(left, h)
				continue
			}
		}
		(&dataAccount{keys: h.keys}).release()
	}
	return left
}

// look finds an account that is in use, or was. That strangers look for so many names that nobody may look just now says nothing of it.
func (d *data) look(ctx context.Context, appID string) (directory.Entry, error) {
	entry, err := d.directory.Find(ctx, appID, "")
	if errors.Is(err, directory.ErrUnknown) {
		return d.directory.Refresh(ctx, appID)
	}
	return entry, err
}

// sweepUntil looks after the accounts until ctx ends.
func (d *data) sweepUntil(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.sweep(ctx, time.Now())
		}
	}
}

// sweep ends those that nobody has asked for within a day, and looks at some of the others: whether they are still there, and as they were.
func (d *data) sweep(ctx context.Context, now time.Time) {
	d.mu.Lock()
	d.ticks++
	var look []string
	for i, appID := range slices.Sorted(maps.Keys(d.live)) {
		one := d.live[appID]
		switch {
		case now.Sub(time.Unix(one.used.Load(), 0)) >= warmFor:
			d.drop(one)
			delete(d.live, appID)
		case (i+d.ticks)%lookEvery == 0:
			look = append(look, appID)
		}
	}
	d.mu.Unlock()
	for _, appID := range look {
		if ctx.Err() != nil {
			return
		}
		entry, err := d.look(ctx, appID)
		switch {
		case errors.Is(err, directory.ErrUnknown):
			d.remove(appID)
		case err == nil:
			d.replace(entry, now.Unix())
		}
	}
}

// stop ends what runs, and waits for it. The accounts can be used all the same.
func (d *data) stop() {
	inUse.Lock()
	delete(inUse.all, d)
	inUse.Unlock()
	d.mu.Lock()
	if d.end != nil {
		d.end()
	}
	d.phase = max(d.phase, stopped)
	all := slices.Collect(maps.Values(d.live))
	d.mu.Unlock()
	for _, one := range all {
		d.wg.Go(one.stop)
	}
	d.wg.Wait()
}

// release gives back what it holds.
func (d *data) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.phase == released {
		return
	}
	d.phase = released
	for _, one := range d.live {
		one.release()
	}
	for _, s := range d.sources {
		s.Close()
	}
}

// changed is told what has become of an authorisation: whose ended has no account here from now on.
func (a *App) changed(component string, c platform.Change) {
	if a.data == nil {
		return
	}
	if c.Kind != platform.Ended {
		a.data.directory.Doubt(c.AppID) // who asked a moment ago was told that there is none
		return
	}
	a.data.mu.RLock()
	one := a.data.live[c.AppID]
	a.data.mu.RUnlock()
	if one != nil && one.platform == component {
		a.data.remove(c.AppID)
	}
}
