package platform_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// Events come in any order, and again and again. What happened last counts.
func TestEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	const granted, changed, ended, again = 0, 1, 2, 3
	for _, order := range [][]int{
		{granted},
		{granted, granted, changed, granted},
		{changed, granted},
		{granted, ended},
		{ended, granted},
		{granted, changed, ended},
		{ended, changed, granted},
		{changed, ended, granted, changed},
		{ended, granted, again},
		{again, ended},
		{again, granted, ended},
		{ended, again, ended},
		{again, ended, changed, granted},
	} {
		w := newWorld()
		a, b := w.process(t, nil), w.process(t, nil)
		w.pushTicket(t, a)
		start := w.Now().Add(-10 * time.Minute)
		last := slices.Max(order)
		var events [4]platform.Event
		for i := range last + 1 {
			at := start.Add(time.Duration(i) * time.Minute)
			switch i {
			case granted, again:
				events[i] = platform.Event{Kind: platform.Authorised, AppID: merchant, Code: w.Scan(merchant, 1, 8)[0], Created: at}
			case changed:
				events[i] = platform.Event{Kind: platform.Updated, AppID: merchant, Code: w.Scan(merchant, 1, 4, 8)[0], Created: at}
			case ended:
				w.Cancel(merchant)
				events[i] = platform.Event{Kind: platform.Ended, AppID: merchant, Created: at}
			}
		}
		for i, n := range order {
			_ = []*platform.Platform{a, b}[i%2].Happened(t.Context(), events[n])
		}
		w.Forward(time.Second)
		for _, p := range []*platform.Platform{a, b} {
			got, err := p.Authorisation(t.Context(), merchant)
			if last == ended {
				if !errors.Is(err, platform.ErrNotAuthorised) {
					t.Errorf("%v: it has not ended: %v", order, err)
				}
				continue
			}
			if err != nil || last == changed && !slices.Equal(got.Sets, []int{4, 8}) {
				t.Errorf("%v: got %v, %v", order, got.Sets, err)
				continue
			}
			w.fetch(t, p, merchant)
		}
	}
}

// Whoever forgets an account here is not told of it again by what happened before.
func TestForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	codes := w.Scan(merchant, 2, 8)
	at := w.Now()
	if err := p.Forget(t.Context(), merchant); !errors.Is(err, platform.ErrNotAuthorised) {
		t.Errorf("nothing was forgotten: %v", err)
	}
	w.authorise(t, p, merchant, 8)
	w.Forward(time.Minute)
	if err := p.Forget(t.Context(), merchant); err != nil {
		t.Fatal(err)
	}
	if err := p.Happened(t.Context(), platform.Event{Kind: platform.Authorised, AppID: merchant, Code: codes[0], Created: at}); err != nil {
		t.Error(err)
	}
	if _, err := p.Authorisation(t.Context(), merchant); !errors.Is(err, platform.ErrNotAuthorised) {
		t.Errorf("an old event brought it back: %v", err)
	}
	if got := w.told(); !slices.Equal(got, []platform.ChangeKind{platform.Authorised, platform.Ended}) {
		t.Errorf("told of %v", got)
	}
	w.Forward(time.Minute)
	if err := p.Happened(t.Context(), platform.Event{Kind: platform.Authorised, AppID: merchant, Code: codes[1], Created: w.Now()}); err != nil {
		t.Error(err)
	}
	w.fetch(t, p, merchant)
}

// Another system of the platform's has used the code of an event. The account's refresh token can be had all the same.
func TestCodeUsedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	code := w.Scan(merchant, 1, 8)[0]
	w.mu2(func(f *fakeWeChat) { delete(f.codes, code); f.accounts[merchant].exchanged = true })
	if err := p.Happened(t.Context(), platform.Event{Kind: platform.Authorised, AppID: merchant, Code: code, Created: w.Now()}); err != nil {
		t.Error(err)
	}
	w.fetch(t, p, merchant)
}

// Each grant has a generation of its own; the callback and the event of one scan, with a code each, have one together.
func TestGeneration(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	codes := w.Scan(merchant, 2, 8)
	first, err := p.Authorise(t.Context(), codes[0])
	if err != nil {
		t.Fatal(err)
	}
	id := p.Source(merchant).ID()
	second, err := p.Authorise(t.Context(), codes[1])
	if err != nil || second.Generation != first.Generation || p.Source(merchant).ID() != id {
		t.Errorf("two generations of one scan, %v", err)
	}
	w.fetch(t, p, merchant) // the refresh token is another now
	if p.Source(merchant).ID() != id {
		t.Error("a refresh makes another generation")
	}
	w.Cancel(merchant)
	w.Forward(time.Minute)
	if err := p.Happened(t.Context(), platform.Event{Kind: platform.Ended, AppID: merchant, Created: w.Now()}); err != nil {
		t.Fatal(err)
	}
	w.Forward(time.Minute)
	if third := w.authorise(t, p, merchant, 8); third.Generation == first.Generation || p.Source(merchant).ID() == id {
		t.Error("another grant has the generation of the one before")
	}
}
