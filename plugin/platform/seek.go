package platform

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The pauses between two looks through WeChat's list: longer each time that nothing is found.
const (
	seekPause    = time.Minute
	maxSeekPause = time.Hour
)

// maxPages bounds a look through WeChat's list: a quarter of a million accounts.
const maxPages = 500

// seeking is when the list may be looked through. State.mu protects it.
type seeking struct {
	next  time.Time
	pause time.Duration
}

// maySeek takes the look through the list that is due, and tells whether one is.
func (s *State) maySeek(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.seeking
	if now.Before(k.next) && k.next.Sub(now) <= maxSeekPause {
		return false
	}
	k.pause = min(max(2*k.pause, seekPause), maxSeekPause)
	k.next = now.Add(k.pause)
	return true
}

// sought notes what a look has found.
func (s *State) sought(found bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found {
		s.seeking = seeking{next: now.Add(seekPause)}
	}
}

// missed is called when somebody asked for an account of which nothing is known.
func (p *Platform) missed() {
	if p.state.maySeek(p.cfg.Now()) {
		p.background.run(func(ctx context.Context) { _ = p.look(ctx) }) // logged where it failed
	}
}

// seek looks through WeChat's list, if that is due.
func (p *Platform) seek(ctx context.Context) {
	if p.state.maySeek(p.cfg.Now()) {
		_ = p.look(ctx) // logged where it failed
	}
}

// look looks through WeChat's list (api_get_authorizer_list) for what is not known here: what every store has lost, or what a
// process that was killed could not keep. It costs one call where as many accounts are known as WeChat has, up to 500.
func (p *Platform) look(ctx context.Context) error {
	found := 0
	err := p.eachListed(ctx, func(l wechat.Listed) error {
		taken, err := p.found(ctx, l)
		if taken {
			found++
		}
		return err
	}, func(total int) bool { return found == 0 && p.state.counted() >= total })
	p.state.sought(found > 0, p.cfg.Now())
	if found > 0 {
		p.cfg.Logger.Warn("accounts were found again in WeChat's list that were not known here any more",
			slog.String("component", p.cfg.Name), slog.Int("accounts", found))
	}
	if err != nil {
		p.cfg.Logger.Warn("WeChat's list of the accounts that authorised the component could not be looked through",
			slog.String("component", p.cfg.Name), slog.Any("error", err))
	}
	return err
}

// eachListed gives each account of WeChat's list, until one fails, or what is known is enough of so many behind a page.
func (p *Platform) eachListed(ctx context.Context, each func(wechat.Listed) error, enough func(total int) bool) error {
	for page := range maxPages {
		var list []wechat.Listed
		var total int
		err := p.callAs(ctx, func(of wechat.Component) (err error) {
			list, total, err = p.cfg.Client.AuthorizerList(ctx, of, page*wechat.MaxAuthorizers, wechat.MaxAuthorizers)
			return err
		})
		if err != nil {
			return err
		}
		for _, l := range list {
			if err := each(l); err != nil {
				return err
			}
		}
		if len(list) == 0 || (page+1)*wechat.MaxAuthorizers >= total || enough(total) {
			return nil
		}
	}
	return nil
}

// found takes what WeChat's list has of an account, unless it is known.
func (p *Platform) found(ctx context.Context, l wechat.Listed) (taken bool, err error) {
	if !appIDs.MatchString(l.AppID) || l.RefreshToken == "" {
		return false, nil
	}
	since := l.Since
	if since.IsZero() {
		since = p.clock.Now()
	}
	r, err := p.change(ctx, l.AppID, func(r *record, err error) error {
		switch {
		case errors.Is(err, errNothing):
		case errors.Is(err, vault.ErrForeign):
			return vault.ErrUnchanged // the key may come back; a new scan replaces it
		case err != nil:
			return err
		case r.alive() && (r.Refused == nil || r.RefreshToken == l.RefreshToken), r.Ended != nil && r.Ended.At >= l.Since.Unix():
			return vault.ErrUnchanged
		}
		*r = record{
			RefreshToken: l.RefreshToken, Turned: p.clock.Now().UnixMilli(), Since: since.Unix(), Changed: since.Unix(),
			Generation: newGeneration(), Settings: r.Settings,
		}
		return nil
	})
	if errors.Is(err, vault.ErrUnchanged) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p.tell(Authorised, since, r)
	return true, nil
}
