package platform_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// A merchant scans, and each process of the fleet has its tokens, whatever the stores can do.
func TestFromTicketToToken(t *testing.T) {
	t.Parallel()
	for name, world := range map[string]*world{
		"two stores":                   newWorld(),
		"a store that lists nothing":   {fakeWeChat: newWeChat(), store: newDisk(), plain: true},
		"no copy":                      {fakeWeChat: newWeChat(), store: newDisk()},
		"a copy but no names in store": {fakeWeChat: newWeChat(), store: newDisk(), copy: newDisk(), plain: true},
		"this process alone":           {fakeWeChat: newWeChat()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := world.process(t, nil)
			b := a
			if world.store != nil {
				b = world.process(t, nil)
			}
			if _, err := a.Authorisation(t.Context(), merchant); !errors.Is(err, platform.ErrNotAuthorised) {
				t.Errorf("before the scan: %v", err)
			}
			world.pushTicket(t, a)
			if code, life, err := b.PreAuthCode(t.Context()); err != nil || code == "" || life != 30*time.Minute {
				t.Fatalf("pre_auth_code %q for %s, %v", code, life, err)
			}
			granted := world.authorise(t, a, merchant, 8, 4)
			want := platform.Authorisation{
				AppID: merchant, Since: granted.Since, Sets: []int{4, 8}, Name: "shop of " + merchant, UserName: "gh_000000000000",
				Generation: granted.Generation,
			}
			if got, _ := json.Marshal(granted); string(got) != mustJSON(want) || granted.Generation == "" || world.Now().Sub(granted.Since) > time.Minute {
				t.Errorf("got %s", got)
			}
			world.Forward(time.Second) // what is believed of it
			held, err := b.Authorisation(t.Context(), merchant)
			if err != nil || held.Generation != granted.Generation {
				t.Errorf("the other process has %+v, %v", held, err)
			}
			world.fetch(t, b, merchant)
			world.fetch(t, a, merchant)
			for _, p := range []*platform.Platform{a, b} {
				if list, err := p.Authorisations(t.Context()); err != nil || len(list) != 1 || list[0].AppID != merchant {
					t.Errorf("list %v, %v", list, err)
				}
			}
			if n := world.Calls("api_component_token"); n != 1 {
				t.Errorf("%d calls for a component_access_token", n)
			}
			if got := world.told(); !slices.Equal(got, []platform.ChangeKind{platform.Authorised}) {
				t.Errorf("told of %v", got)
			}
			if s := a.Standing(); s.Unsaved+s.Uncopied+s.Unreadable != 0 || s.Authorisations != 1 || s.Token.State != credential.Fresh {
				t.Errorf("it stands %+v", s)
			}
		})
	}
}

func mustJSON(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// Names that try to be paths, keys or patterns are nobody's, and reach no store.
func TestNamesThatAreNone(t *testing.T) {
	w := newWorld()
	w.store.breaks(errors.New("somebody looked"))
	w.copy.breaks(errors.New("somebody looked"))
	p := w.process(t, nil)
	for _, name := range []string{"", "*", "../ticket", "wx000000000000000g", "WX0000000000000001", merchant + "/..", merchant + "\n", " " + merchant, "ticket"} {
		if _, err := p.Authorisation(t.Context(), name); !errors.Is(err, platform.ErrNotAuthorised) {
			t.Errorf("%q: %v", name, err)
		}
		if err := p.Set(t.Context(), name, nil); !errors.Is(err, platform.ErrNotAuthorised) {
			t.Errorf("Set %q: %v", name, err)
		}
		if err := p.Happened(t.Context(), platform.Event{Kind: platform.Ended, AppID: name, Created: w.Now()}); err == nil {
			t.Errorf("%q has an event", name)
		}
		if _, err := p.Source(name).Fetch(t.Context(), credential.AccessToken, ""); !errors.Is(err, platform.ErrNotAuthorised) {
			t.Errorf("Fetch %q: %v", name, err)
		}
	}
	if len(w.store.all()) != 0 {
		t.Errorf("stored %v", w.store.all())
	}
}

// One code from the callback, the event and another process: one exchange, and one change to tell of.
func TestOneExchangeACode(t *testing.T) {
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	code := w.Scan(merchant, 1, 8)[0]
	created := w.Now()
	results := make(chan error, 8)
	for i := range 8 {
		p := []*platform.Platform{a, b}[i%2]
		go func() {
			if i < 4 {
				_, err := p.Authorise(context.Background(), code)
				results <- err
				return
			}
			results <- p.Happened(context.Background(), platform.Event{Kind: platform.Authorised, AppID: merchant, Code: code, Created: created})
		}()
	}
	for range 8 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := w.Calls("api_query_auth"); n != 1 {
		t.Errorf("%d exchanges", n)
	}
	if got := w.told(); len(got) != 1 {
		t.Errorf("told of %v", got)
	}
	if _, err := a.Authorise(t.Context(), "queryauthcode@@@none"); !platform.IsSpent(err) {
		t.Errorf("a code that is none: %v", err)
	}
	w.fetch(t, b, merchant)
}

// Settings lie with the authorisation, and outlive another scan.
func TestSettings(t *testing.T) {
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	w.authorise(t, a, merchant, 8)
	settings := json.RawMessage(`{"alias":"shop-1"}`)
	if err := b.Set(t.Context(), merchant, settings); err != nil {
		t.Fatal(err)
	}
	if err := b.Set(t.Context(), merchant, json.RawMessage(`["alias"]`)); err == nil {
		t.Error("an array was taken")
	}
	w.Forward(time.Second)
	if got, err := a.Authorisation(t.Context(), merchant); err != nil || string(got.Settings) != string(settings) {
		t.Errorf("got %s, %v", got.Settings, err)
	}
	w.Cancel(merchant)
	w.Forward(time.Second)
	if err := a.Happened(t.Context(), platform.Event{Kind: platform.Ended, AppID: merchant, Created: w.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := a.Set(t.Context(), merchant, settings); !errors.Is(err, platform.ErrNotAuthorised) {
		t.Errorf("settings of nobody: %v", err)
	}
	w.Forward(time.Minute)
	if got := w.authorise(t, b, merchant, 8); string(got.Settings) != string(settings) {
		t.Errorf("after another scan: %s", got.Settings)
	}
}

// The tester's query_auth_code: the account is kept, and a text goes out with its token, also where an event was first.
func TestReply(t *testing.T) {
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	codes := w.Scan(merchant, 2, 1)
	if err := p.Reply(t.Context(), codes[0], "oUser", codes[0]+"_from_api"); err != nil {
		t.Error(err)
	}
	event := platform.Event{Kind: platform.Authorised, AppID: merchant, Code: codes[1], Created: w.Now().Add(time.Minute)}
	if err := p.Happened(t.Context(), event); err != nil {
		t.Error(err)
	}
	if err := w.process(t, nil).Reply(t.Context(), codes[1], "oUser", codes[1]+"_from_api"); err != nil {
		t.Error(err)
	}
	if !slices.Equal(w.sent, []string{codes[0] + "_from_api", codes[1] + "_from_api"}) {
		t.Errorf("sent %q", w.sent)
	}
}
