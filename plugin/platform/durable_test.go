package platform_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

func isStanding(t testing.TB, p *platform.Platform, unsaved, uncopied, unreadable int) {
	t.Helper()
	if s := p.Standing(); s.Unsaved != unsaved || s.Uncopied != uncopied || s.Unreadable != unreadable {
		t.Errorf("unsaved %d, uncopied %d, unreadable %d; want %d, %d, %d", s.Unsaved, s.Uncopied, s.Unreadable, unsaved, uncopied, unreadable)
	}
}

// What no store takes is used, and written again when one does; it wins over what was there before.
func TestWrittenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	p.Start()
	w.pushTicket(t, p)
	w.authorise(t, p, merchant, 8)
	isStanding(t, p, 0, 0, 0)

	w.copy.breaks(errors.New("no disk"))
	w.fetch(t, p, merchant)
	isStanding(t, p, 0, 1, 0)
	w.store.breaks(errors.New("no Redis"))
	w.fetch(t, p, merchant)
	w.fetch(t, p, merchant) // with the refresh token that this process alone knows
	isStanding(t, p, 1, 0, 0)

	w.copy.breaks(nil)
	eventually(t, "the copy has not taken it", func() bool { return p.Standing().Uncopied == 1 })
	w.store.breaks(nil)
	eventually(t, "the store has not taken it", func() bool { return p.Standing().Uncopied == 0 })
	isStanding(t, p, 0, 0, 0)
	calls := w.Calls("api_get_authorizer_info")
	w.fetch(t, w.process(t, nil), merchant)
	if w.Calls("api_get_authorizer_info") != calls {
		t.Error("what was written again is not the newest")
	}
}

// A process that knows nothing has an account authorise while no store can be read. What it writes then wins over what lay there.
func TestGrantedBlindly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	before := w.process(t, nil)
	w.pushTicket(t, before)
	for range 5 {
		w.authorise(t, before, merchant, 8)
		w.fetch(t, before, merchant)
	}
	w.Cancel(merchant)
	w.Forward(time.Minute)
	p := w.process(t, nil)
	p.Start()
	eventually(t, "no token", func() bool { return p.Standing().Token.State == credential.Fresh })
	w.store.breaks(errors.New("no Redis"))
	w.copy.breaks(errors.New("no disk"))
	w.authorise(t, p, merchant, 4)
	w.fetch(t, p, merchant)
	w.store.breaks(nil)
	w.copy.breaks(nil)
	eventually(t, "it was not written", func() bool { s := p.Standing(); return s.Unsaved+s.Uncopied == 0 })
	calls := w.Calls("api_get_authorizer_info")
	next := w.process(t, nil)
	w.fetch(t, next, merchant)
	if a, err := next.Authorisation(t.Context(), merchant); err != nil || !slices.Equal(a.Sets, []int{4}) || w.Calls("api_get_authorizer_info") != calls {
		t.Errorf("got %v, %v", a.Sets, err)
	}
}

// A store that lost everything has it again from the copy, for those who ask and for those who do not; a copy likewise.
func TestLostStore(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"store", "copy"} {
		w := newWorld()
		p := w.process(t, nil)
		w.pushTicket(t, p)
		for i := range 20 {
			w.authorise(t, p, fmt.Sprintf("wx%016x", i), 8)
		}
		p.Stop()
		lost := w.store
		if name == "copy" {
			lost = w.copy
		}
		lost.lose()
		next := w.process(t, nil)
		w.fetch(t, next, "wx0000000000000003")
		next.Start()
		eventually(t, "the "+name+" has not all of it", func() bool {
			n := 0
			for key := range lost.all() {
				if strings.Contains(key, "/authorisations/") {
					n++
				}
			}
			return n == 20
		})
		if n := w.Calls("api_get_authorizer_info"); n != 20 {
			t.Errorf("%d questions about accounts that WeChat need not be asked about", n)
		}
		next.Stop()
	}
}

// What both stores lost is found again in WeChat's list, once: at the start, or when somebody asks for it.
func TestLostEverything(t *testing.T) {
	t.Parallel()
	const merchants = 1203
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	w.mu2(func(f *fakeWeChat) {
		for i := range merchants {
			f.accounts[fmt.Sprintf("wx%016x", i)] = &fakeAccount{authorised: true, exchanged: true, refresh: f.next("refreshtoken"), since: f.now(), sets: []int{8}}
		}
	})
	if _, err := p.Authorisation(t.Context(), merchant); !errors.Is(err, platform.ErrNotAuthorised) {
		t.Fatal(err)
	}
	eventually(t, "not all were found", func() bool { return p.Standing().Authorisations == merchants })
	w.Forward(time.Second)
	w.fetch(t, p, merchant)
	if a, err := p.Authorisation(t.Context(), merchant); err != nil || !slices.Equal(a.Sets, []int{8}) || a.Name == "" {
		t.Errorf("got %+v, %v", a, err)
	}
	if n := w.Calls("api_get_authorizer_list"); n != 3 {
		t.Errorf("%d pages", n)
	}
	// Whatever strangers ask for, the list is looked through seldom, and more and more so.
	for i := range 600 {
		_, _ = p.Authorisation(t.Context(), fmt.Sprintf("wxffff%012x", i))
		w.Forward(time.Minute)
	}
	p.Stop()
	if n := w.Calls("api_get_authorizer_list") - 3; n > 60 {
		t.Errorf("%d calls in ten hours of strangers", n)
	}
}

func (w *world) mu2(change func(*fakeWeChat)) {
	w.fakeWeChat.mu.Lock()
	defer w.fakeWeChat.mu.Unlock()
	change(w.fakeWeChat)
}

// Keys change, one at a time, and so does the component's secret. What no key opens stays as it is, until its account scans again.
func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld()
	keys := func(keys ...string) func(*platform.Config) {
		return func(c *platform.Config) { c.SealKeys = keys }
	}
	first := w.process(t, nil) // sealed with the secret
	w.pushTicket(t, first)
	w.authorise(t, first, merchant, 8)
	first.Stop()
	const one, two, three = "key-one-of-32-characters-00000000", "key-two-of-32-characters-00000000", "key-three-of-32-characters-000000"
	for _, seals := range [][]string{{one}, {two, one}, {two}, {three, two}, {three}} {
		p := w.process(t, keys(seals...))
		w.fetch(t, p, merchant)
		p.Start() // which seals all of it with the present key
		eventually(t, "the ticket", func() bool { return !p.Standing().Ticket.IsZero() })
		isStanding(t, p, 0, 0, 0)
		p.Stop()
	}
	before := w.store.all()
	stranger := w.process(t, func(c *platform.Config) { c.SealKeys, c.AppSecret = []string{one}, "rotated" })
	stranger.Start()
	_, err := stranger.Authorisation(t.Context(), merchant)
	if err == nil || errors.Is(err, platform.ErrNotAuthorised) {
		t.Errorf("a record that no key opens: %v", err)
	}
	if err := stranger.Set(t.Context(), merchant, nil); err == nil {
		t.Error("it was written over")
	}
	eventually(t, "nobody says that it cannot be read", func() bool { return stranger.Standing().Unreadable >= 1 })
	stranger.Stop()
	for key, value := range before {
		if strings.Contains(key, "/authorisations/") && string(w.store.all()[key]) != string(value) {
			t.Errorf("%s was written over", key)
		}
	}
	for _, value := range before {
		for _, secret := range []string{"refreshtoken@@@", "ticket@@@", "queryauthcode@@@", "componenttoken@@@"} {
			if strings.Contains(string(value), secret) {
				t.Errorf("%s lies there in plain", secret)
			}
		}
	}
	last := w.process(t, keys(one))
	w.pushTicket(t, last)
	w.authorise(t, last, merchant, 4)
	w.fetch(t, last, merchant)
	isStanding(t, last, 0, 0, 0)
}

// A backup brings back what is gone, and overwrites nothing that is newer.
func TestBackup(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	const other = "wx0000000000000002"
	w.authorise(t, p, merchant, 8)
	w.authorise(t, p, other, 8)
	if err := p.Set(t.Context(), merchant, []byte(`{"alias":"shop"}`)); err != nil {
		t.Fatal(err)
	}
	backup, err := p.Export(t.Context())
	if err != nil || len(backup) != 3 {
		t.Fatalf("%d records, %v", len(backup), err)
	}
	if taken, err := p.Import(t.Context(), backup); err != nil || taken != 0 {
		t.Errorf("taken %d, %v", taken, err)
	}
	w.Forward(time.Minute)
	w.fetch(t, p, merchant) // newer than the backup
	w.Cancel(other)
	if err := p.Happened(t.Context(), platform.Event{Kind: platform.Ended, AppID: other, Created: w.Now()}); err != nil {
		t.Fatal(err)
	}
	if taken, err := p.Import(t.Context(), backup); err != nil || taken != 0 {
		t.Errorf("taken over what is newer: %d, %v", taken, err)
	}
	w.fetch(t, p, merchant)

	backup, err = p.Export(t.Context())
	if err != nil || len(backup) != 2 {
		t.Fatalf("%d records, %v", len(backup), err)
	}
	w.store, w.copy = newDisk(), newDisk()
	fresh := w.process(t, func(c *platform.Config) { c.SealKeys = []string{"another-key-of-32-characters-0000"} })
	if taken, err := fresh.Import(t.Context(), backup); err != nil || taken != 1 {
		t.Errorf("taken %d, %v", taken, err)
	}
	w.fetch(t, fresh, merchant)
	if a, err := fresh.Authorisation(t.Context(), merchant); err != nil || string(a.Settings) != `{"alias":"shop"}` {
		t.Errorf("settings %s, %v", a.Settings, err)
	}
	for _, bad := range []string{`{}`, `[]`, `{"component":"wxc0c0c0c0c0c0c0c0"}`, strings.Replace(string(backup[0]), componentID, merchant, 1), strings.Replace(string(backup[0]), merchant, "../x", 1)} {
		if taken, err := fresh.Import(t.Context(), []platform.Record{platform.Record(bad)}); err == nil || taken != 0 {
			t.Errorf("%s was taken", bad)
		}
	}
}
