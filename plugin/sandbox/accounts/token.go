package accounts

import (
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Rules of validity, by WeChat's pages on getAccessToken and getStableAccessToken:
//
//   - The two sources are isolated: neither ends the other's tokens.
//   - Classic: every call makes a token; the one before lives five minutes more (or until its own end).
//   - Stable: the same token with its remaining lifetime, until less than five minutes of it are left; then a new one, and
//     both are good until the older ends.
//   - A forced refresh makes a new token; the one before lives as long as a superseded classic one. Less than 30 s after the
//     last forced refresh it does nothing and the call answers as in normal mode. Twenty a day (counted: those that refreshed).
//
// Not published, and chosen here: of one source at most two tokens are good, so two refreshes end a token at once (WeChat
// says so of forced ones); a token that was superseded or revoked is 40001, one that ended by itself 42001, one that this
// sandbox never made 40014. An expires_in is never below 1.

const (
	forcedADay  = 20
	tokenPrefix = "90_"
)

// span scales WeChat's five minutes to the lifetime.
func (s *Store) span() time.Duration { return min(300*time.Second, s.ExpiresIn/4) }

// forcedSpacing scales WeChat's 30 seconds to the lifetime.
func (s *Store) forcedSpacing() time.Duration { return min(30*time.Second, s.ExpiresIn/40) }

// Classic makes a token, as /cgi-bin/token does.
func (s *Store) Classic(a *App, now time.Time) *Token { return s.issue(a, &a.Classic, now) }

// Renewed gives the token of /cgi-bin/stable_token, a new one if it is time for that, or if force says so and may.
func (s *Store) Renewed(a *App, force bool, now time.Time) (*Token, error) {
	refresh := force && (a.forced.last.IsZero() || now.Sub(a.forced.last) >= s.forcedSpacing())
	if refresh {
		if today := day(now); a.forced.day != today {
			a.forced = forced{day: today, last: a.forced.last}
		}
		if a.forced.count >= forcedADay {
			return nil, wire.ErrQuota
		}
		a.forced.count++
		a.forced.last = now
	}
	t := a.Stable.Current
	if refresh || t == nil || t.Expires.Sub(now) < s.span() || !t.works(now) && !a.sticky {
		t = s.issue(a, &a.Stable, now)
		a.sticky = false
	}
	return t, nil
}

// issue makes a token and supersedes the current one.
func (s *Store) issue(a *App, src *Source, now time.Time) *Token {
	return s.supersede(a, src, s.span(), now)
}

// supersede makes a token, and lets the current one work for overlap.
func (s *Store) supersede(a *App, src *Source, overlap time.Duration, now time.Time) *Token {
	if p := src.Previous; p != nil {
		p.endBy(now)
	}
	if c := src.Current; c != nil {
		c.endBy(now.Add(overlap))
	}
	end := now.Add(s.ExpiresIn)
	t := &Token{Text: tokenPrefix + secret.Text(102), App: a, Expires: end, Until: end}
	src.Previous, src.Current = src.Current, t
	s.tokens.Add(t.Text, t)
	return t
}

// IsToken says whether a text is an access_token that is remembered.
func (s *Store) IsToken(text string) bool { return s.tokens.Contains(text) }

// Authorize gives the access_token that text is. It fails with WeChat's refusal.
func (s *Store) Authorize(text string, now time.Time) (*Token, error) {
	if text == "" {
		return nil, wire.ErrNoToken
	}
	t, found := s.tokens.Get(text)
	switch {
	case !found && strings.HasPrefix(text, tokenPrefix):
		return nil, wire.ErrBadCredential // made before our time, or long forgotten
	case !found:
		return nil, wire.ErrBadToken
	case t.Grant != nil && t.Grant.Ended:
		return nil, wire.ErrNotAuthorized
	case t.works(now):
		return t, nil
	case t.Until.Before(t.Expires):
		return nil, wire.ErrBadCredential
	}
	return nil, wire.ErrExpiredToken
}
