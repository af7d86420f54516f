package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// Authorisations is what a Platform source asks. Platform has it.
type Authorisations interface {
	Name() string
	Authorisation(ctx context.Context, appID string) (platform.Authorisation, error)
	Authorisations(ctx context.Context) ([]platform.Authorisation, error)
	Set(ctx context.Context, appID string, settings json.RawMessage) error
	Forget(ctx context.Context, appID string) error
}

// Platform is a Source: the accounts that authorised a component, with what somebody has set for them by hand.
type Platform struct {
	platform Authorisations
	keys     *sealed.Keys
	now      func() time.Time

	mu      sync.Mutex
	aliases map[string]string // app ids
	listed  time.Time         // when aliases were
	pause   time.Duration     // how long they are good for
}

// The bounds of how long the list of aliases is good for. To list is a call for each account where the store cannot give them at once, so
// that it takes a twentieth of the time at most.
const (
	platformFresh  = 500 * time.Millisecond
	maxAliasPause  = 30 * time.Second
	aliasListShare = 20
)

// NewPlatform makes the source of a component's accounts. keys open the sealed values of what was set for them; nil: there are none.
func NewPlatform(p Authorisations, keys *sealed.Keys, now func() time.Time) *Platform {
	if now == nil {
		now = time.Now
	}
	return &Platform{platform: p, keys: keys, now: now}
}

// Name implements Source.
func (s *Platform) Name() string { return "platform " + s.platform.Name() }

// Look implements Source.
func (s *Platform) Look(ctx context.Context, name string) (Entry, error) {
	if object.IsAppID(name) {
		return s.look(ctx, name)
	}
	appID, err := s.appIDOf(ctx, name)
	if err != nil {
		return Entry{}, err
	}
	e, err := s.look(ctx, appID)
	if err == nil && e.Alias != name { // it was called so when they were listed
		return Entry{}, ErrUnknown
	}
	return e, err
}

func (s *Platform) look(ctx context.Context, appID string) (Entry, error) {
	found, err := s.platform.Authorisation(ctx, appID)
	if errors.Is(err, platform.ErrNotAuthorised) {
		return Entry{}, ErrUnknown
	}
	if errors.Is(err, platform.ErrUnreadable) {
		return Entry{}, &Broken{Name: appID, Err: err} // it can be removed all the same
	}
	if err != nil {
		return Entry{}, err
	}
	return s.entry(found)
}

// entry is what an authorisation is as an account.
func (s *Platform) entry(a platform.Authorisation) (Entry, error) {
	account, err := object.ParseSettings(a.AppID, a.Settings, s.keys)
	if err != nil {
		return Entry{}, &Broken{Name: a.AppID, Err: err}
	}
	kind := "official account"
	if a.IsMiniProgram {
		kind = "mini program"
	}
	version := sha256.New()
	for _, part := range []string{a.Generation, account.Version, kind} {
		version.Write([]byte(part))
		version.Write([]byte{0})
	}
	return Entry{
		AppID: a.AppID, Alias: account.Alias, Key: account.Key, Object: account.Whole, Source: s.Name(),
		Version: hex.EncodeToString(version.Sum(nil)[:16]), Platform: s.platform.Name(), IsMiniProgram: a.IsMiniProgram,
	}, nil
}

// appIDOf finds the account of an alias, in a list that is not older than its pause.
func (s *Platform) appIDOf(ctx context.Context, alias string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := s.now()
	if s.aliases == nil || began.Sub(s.listed) >= s.pause {
		all, err := s.platform.Authorisations(ctx)
		if err != nil {
			return "", err
		}
		s.aliases = make(map[string]string)
		for _, a := range all { // sorted: of two with one alias the smaller app id has it
			named := aliasOf(a.Settings)
			if _, taken := s.aliases[named]; named != "" && !taken {
				s.aliases[named] = a.AppID
			}
		}
		s.listed = s.now()
		s.pause = min(max(platformFresh, aliasListShare*s.listed.Sub(began)), maxAliasPause)
	}
	appID, ok := s.aliases[alias]
	if !ok {
		return "", ErrUnknown
	}
	return appID, nil
}

// aliasOf reads settings no further than the alias, for there may be ten thousand.
func aliasOf(settings json.RawMessage) string {
	var named struct {
		Alias string `json:"alias"`
	}
	if len(settings) == 0 || json.Unmarshal(settings, &named) != nil {
		return ""
	}
	return named.Alias
}

// List implements Source. Those whose settings cannot be read are left out.
func (s *Platform) List(ctx context.Context) ([]Entry, error) {
	all, err := s.platform.Authorisations(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(all))
	for _, a := range all {
		if e, err := s.entry(a); err == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Put implements Source: it sets alias, key, mini_program and limit of an account that authorised the component. ErrUnknown: it has not.
func (s *Platform) Put(ctx context.Context, appID string, settings json.RawMessage) error {
	if _, err := s.platform.Authorisation(ctx, appID); errors.Is(err, platform.ErrNotAuthorised) {
		return ErrUnknown // what it may have is another source's affair
	}
	if _, err := object.ParseSettings(appID, settings, s.keys); err != nil {
		return err
	}
	err := s.platform.Set(ctx, appID, settings)
	return s.changed(err)
}

// Remove implements Source. WeChat is not told: the merchant's authorisation has an end there only when the merchant ends it.
func (s *Platform) Remove(ctx context.Context, appID string) error {
	return s.changed(s.platform.Forget(ctx, appID))
}

// changed has aliases listed anew.
func (s *Platform) changed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases = nil
	if errors.Is(err, platform.ErrNotAuthorised) {
		return ErrUnknown
	}
	return err
}

// Fresh implements Source.
func (s *Platform) Fresh() time.Duration { return platformFresh }

// Close implements Source.
func (s *Platform) Close() {}

// Interface guards
var (
	_ Source         = (*Platform)(nil)
	_ Authorisations = (*platform.Platform)(nil)
)
