package directory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// authorisations is a component that accounts have authorised.
type authorisations struct {
	all   map[string]platform.Authorisation
	lists int // how often all were asked for
	err   error
}

func (*authorisations) Name() string { return "shop" }

func (a *authorisations) Authorisation(_ context.Context, appID string) (platform.Authorisation, error) {
	if found, ok := a.all[appID]; ok || a.err != nil {
		return found, a.err
	}
	return platform.Authorisation{}, fmt.Errorf("looking: %w", platform.ErrNotAuthorised)
}

func (a *authorisations) Authorisations(context.Context) (all []platform.Authorisation, err error) {
	a.lists++
	for _, appID := range slices.Sorted(maps.Keys(a.all)) {
		all = append(all, a.all[appID])
	}
	return all, a.err
}

func (a *authorisations) Set(_ context.Context, appID string, settings json.RawMessage) error {
	one, ok := a.all[appID]
	if !ok {
		return platform.ErrNotAuthorised
	}
	one.Settings = settings
	a.all[appID] = one
	return nil
}

func (a *authorisations) Forget(_ context.Context, appID string) error {
	if _, ok := a.all[appID]; !ok {
		return platform.ErrNotAuthorised
	}
	delete(a.all, appID)
	return nil
}

const (
	platformA = "wx00000000000000a1"
	platformB = "wx00000000000000b2"
)

func newPlatformSource(t *testing.T) (*authorisations, *directory.Platform, *time.Time) {
	t.Helper()
	a := &authorisations{all: map[string]platform.Authorisation{
		platformA: {AppID: platformA, Generation: "1"},
		platformB: {AppID: platformB, Generation: "1", IsMiniProgram: true, Settings: json.RawMessage(`{"alias":"mini","key":"0123456789abcdef"}`)},
	}}
	now := time.Unix(1_700_000_000, 0)
	return a, directory.NewPlatform(a, nil, func() time.Time { return now }), &now
}

// An account of a platform's own, which has not authorised it, goes to the source behind.
func TestPutBehindAPlatform(t *testing.T) {
	_, s, _ := newPlatformSource(t)
	f := newFake("f")
	d := open(s, f)
	err := d.Put(t.Context(), "", id(7), json.RawMessage(`{"app_id":"`+id(7)+`","app_secret":"of its own"}`))
	fault, ok := errors.AsType[*object.Fault](err)
	if !ok || fault.Field != "app_secret" {
		t.Errorf("got %v", err)
	}
}

// What cannot be opened is an account that cannot be used, and can be removed.
func TestUnreadable(t *testing.T) {
	a, s, _ := newPlatformSource(t)
	d := open(s)
	a.err = fmt.Errorf("looking: %w", platform.ErrUnreadable)
	if _, err := d.Find(t.Context(), platformA, ""); !errors.Is(err, platform.ErrUnreadable) || errors.Is(err, directory.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if err := d.Remove(t.Context(), platformA); err != nil || len(a.all) != 1 {
		t.Errorf("got %v, left are %v", err, a.all)
	}
}

func TestPlatformSource(t *testing.T) {
	a, s, now := newPlatformSource(t)
	e, err := s.Look(t.Context(), platformA)
	if err != nil || e.AppID != platformA || e.Platform != "shop" || e.Source != "platform shop" || e.IsMiniProgram || e.Key != "" {
		t.Errorf("got %+v, %v", e, err)
	}
	mini, err := s.Look(t.Context(), "mini")
	if err != nil || mini.AppID != platformB || mini.Alias != "mini" || mini.Key != "0123456789abcdef" || !mini.IsMiniProgram {
		t.Errorf("got %+v, %v", mini, err)
	}
	for _, name := range []string{"wx00000000000000c3", "other"} {
		if _, err := s.Look(t.Context(), name); !errors.Is(err, directory.ErrUnknown) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if a.lists != 1 {
		t.Errorf("%d lists for two aliases at the same time", a.lists)
	}

	// another grant is another version, and so are other settings
	again := a.all[platformA]
	again.Generation = "2"
	a.all[platformA] = again
	other, err := s.Look(t.Context(), platformA)
	if err != nil || other.Version == e.Version {
		t.Errorf("got %+v, %v", other, err)
	}
	if err := s.Put(t.Context(), platformA, json.RawMessage(`{"alias":"shop7","limit":{"decrypt":7}}`)); err != nil {
		t.Fatal(err)
	}
	set, err := s.Look(t.Context(), "shop7")
	if err != nil || set.AppID != platformA || set.Version == other.Version || !strings.Contains(string(set.Object), `"decrypt":7`) {
		t.Errorf("got %+v, %v", set, err)
	}
	all, err := s.List(t.Context())
	if err != nil || len(all) != 2 || all[0].AppID != platformA {
		t.Errorf("got %+v, %v", all, err)
	}

	// what somebody else has changed is seen when the list is no longer good
	mine := a.all[platformB]
	mine.Settings = json.RawMessage(`{"alias":"renamed"}`)
	a.all[platformB] = mine
	if _, err := s.Look(t.Context(), "mini"); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("the alias before: got %v", err)
	}
	*now = now.Add(s.Fresh())
	if e, err := s.Look(t.Context(), "renamed"); err != nil || e.AppID != platformB {
		t.Errorf("got %+v, %v", e, err)
	}
	if err := s.Remove(t.Context(), platformB); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"renamed", platformB} {
		if _, err := s.Look(t.Context(), name); !errors.Is(err, directory.ErrUnknown) {
			t.Errorf("%s, removed: got %v", name, err)
		}
	}
}

func TestPlatformSourceRefuses(t *testing.T) {
	a, s, _ := newPlatformSource(t)
	for text, want := range map[string]string{
		`{"app_secret":"x"}`:                 "app_secret is unknown here",
		`{"message_push":{"token":"t"}}`:     "message_push is unknown here",
		`{"app_id":"wx00000000000000ff"}`:    "app_id is not the account's",
		`{"alias":"wx00000000000000ff"}`:     "alias is not 1 to 63",
		`{"key":"{env.WECHAT_APP_SECRET}x"}`: "key has braces",
		`[]`:                                 "is no JSON object",
	} {
		if err := s.Put(t.Context(), platformA, json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for what, err := range map[string]error{
		"put": s.Put(t.Context(), "wx00000000000000c3", json.RawMessage(`{}`)), "remove": s.Remove(t.Context(), "wx00000000000000c3"),
	} {
		if !errors.Is(err, directory.ErrUnknown) {
			t.Errorf("%s of nobody's: got %v", what, err)
		}
	}
	bad := a.all[platformA]
	bad.Settings = json.RawMessage(`{"key":"sealed:AAAA"}`)
	a.all[platformA] = bad
	if _, err := s.Look(t.Context(), platformA); err == nil || errors.Is(err, directory.ErrUnknown) {
		t.Errorf("what cannot be opened: got %v", err)
	}
	if all, err := s.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("got %+v, %v", all, err)
	}
	a.err = errors.New("the store is down")
	for _, name := range []string{platformB, "never-seen"} {
		if _, err := s.Look(t.Context(), name); err != nil && errors.Is(err, directory.ErrUnknown) {
			t.Errorf("%s, while it cannot be told: %v", name, err)
		}
	}
}
