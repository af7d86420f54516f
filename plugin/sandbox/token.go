package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
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

// token is an access_token.
type token struct {
	text    string
	app     *app
	expires time.Time // as its expires_in said
	until   time.Time // no later: when it stops working
}

// source is one of the two ways to get an access_token.
type source struct{ current, previous *token }

// forced counts the forced refreshes of a day.
type forced struct {
	day   string
	count int
	last  time.Time
}

// span scales WeChat's five minutes to the lifetime.
func (s *Sandbox) span() time.Duration { return min(300*time.Second, s.cfg.ExpiresIn/4) }

// forcedSpacing scales WeChat's 30 seconds to the lifetime.
func (s *Sandbox) forcedSpacing() time.Duration { return min(30*time.Second, s.cfg.ExpiresIn/40) }

// tokenAnswer carries no errcode: WeChat's token endpoints do not when all is well.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
}

func (s *Sandbox) classicToken(c *call) (any, error) {
	q := c.query
	a, err := s.authenticate(q.Get("appid"), q.Get("secret"), q.Get("grant_type"), "client_credential")
	if err != nil {
		return nil, err
	}
	if err := a.spend("/cgi-bin/token", c.now); err != nil {
		return nil, err
	}
	t := s.issue(a, &a.classic, c.now)
	return tokenAnswer{t.text, seconds(s.cfg.ExpiresIn)}, nil
}

func (s *Sandbox) stableToken(c *call) (any, error) {
	req, err := decode[struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	a, err := s.authenticate(req.AppID, req.Secret, req.GrantType, "client_credential")
	if err != nil {
		return nil, err
	}
	if err := a.spend("/cgi-bin/stable_token", c.now); err != nil {
		return nil, err
	}

	refresh := req.ForceRefresh && (a.forced.last.IsZero() || c.now.Sub(a.forced.last) >= s.forcedSpacing())
	if refresh {
		if today := day(c.now); a.forced.day != today {
			a.forced = forced{day: today, last: a.forced.last}
		}
		if a.forced.count >= forcedADay {
			return nil, errQuota
		}
		a.forced.count++
		a.forced.last = c.now
	}
	t := a.stable.current
	if refresh || t == nil || t.expires.Sub(c.now) < s.span() || !t.works(c.now) && !a.sticky {
		t = s.issue(a, &a.stable, c.now)
		a.sticky = false
	}
	return tokenAnswer{t.text, seconds(t.expires.Sub(c.now))}, nil
}

// issue makes a token and supersedes the current one.
func (s *Sandbox) issue(a *app, src *source, now time.Time) *token {
	if p := src.previous; p != nil {
		p.endBy(now)
	}
	if c := src.current; c != nil {
		c.endBy(now.Add(s.span()))
	}
	end := now.Add(s.cfg.ExpiresIn)
	t := &token{text: tokenPrefix + randomText(102), app: a, expires: end, until: end}
	src.previous, src.current = src.current, t
	s.tokens.Add(t.text, t)
	return t
}

// endBy lets t work no longer than until at.
func (t *token) endBy(at time.Time) {
	if t.until.After(at) {
		t.until = at
	}
}

func (t *token) works(now time.Time) bool { return now.Before(t.until) }

// authorize gives the app whose access_token text is.
func (s *Sandbox) authorize(text string, now time.Time) (*app, error) {
	if text == "" {
		return nil, errNoToken
	}
	t, found := s.tokens.Get(text)
	switch {
	case !found && strings.HasPrefix(text, tokenPrefix):
		return nil, errBadCredential // made before our time, or long forgotten
	case !found:
		return nil, errBadToken
	case t.works(now):
		return t.app, nil
	case t.until.Before(t.expires):
		return nil, errBadCredential
	}
	return nil, errExpiredToken
}

// app is an official account or a mini program.
type app struct {
	id              string
	classic, stable source
	forced          forced
	sticky          bool // stable_token believes in a token that is dead
	tickets         map[string][]*ticket
	quota           daily
	clears          monthly
	menu            []json.RawMessage // its buttons; nil: there is none
}

// authenticate checks what proves an app's identity.
func (s *Sandbox) authenticate(id, secret, grant, wantGrant string) (*app, error) {
	switch {
	case id == "":
		return nil, errNoAppID
	case grant != wantGrant:
		return nil, errBadGrant
	case secret == "":
		return nil, errNoSecret
	}
	if s.cfg.Apps != nil {
		want, found := s.cfg.Apps[id]
		if !found {
			return nil, errBadAppID
		}
		if subtle.ConstantTimeCompare([]byte(secret), []byte(want)) == 0 {
			return nil, errBadSecret
		}
	}
	if len(id) > maxText {
		return nil, errBadAppID
	}
	return s.app(id), nil
}

// app gives the record of an app, made on first use.
func (s *Sandbox) app(id string) *app {
	a, found := s.apps.Get(id)
	if !found {
		a = &app{id: id, tickets: make(map[string][]*ticket)}
		s.apps.Add(id, a)
	}
	return a
}

// seconds are whole ones, at least 1.
func seconds(d time.Duration) int { return max(1, int(d/time.Second)) }

// randomText is n random bytes in base64url.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
