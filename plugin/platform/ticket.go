package platform

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
)

// What WeChat says of the ticket (component_verify_ticket): it is pushed every ten minutes, lives for twelve hours, and the newest
// wins. Where pushes stopped, api_start_push_ticket begins them again.
const (
	ticketLife   = 12 * time.Hour
	ticketLate   = 30 * time.Minute // from when on it is asked for
	startsApart  = time.Hour        // between two questions for it
	ticketPause  = 2 * time.Second  // how long somebody waits for a ticket that was asked for
	refusedPause = 30 * time.Minute // for how long a ticket that WeChat refuses is not shown again
	maxTicket    = 4 << 10
)

// The names on the component's own shelf.
const (
	ticketName = "ticket"
	startName  = "start_push"
)

// ErrNoTicket says that WeChat has pushed no verify ticket, or none for so long that the last one is of no use.
var ErrNoTicket = errors.New("WeChat has pushed no component_verify_ticket yet, or none for twelve hours: the platform's URL for authorisation events must lead to a message_push route of the component")

// ticket is what was pushed.
type ticket struct {
	Text    string `json:"ticket"`
	Created int64  `json:"created"` // CreateTime, in seconds since 1970
}

func (t ticket) at() time.Time { return time.Unix(t.Created, 0) }

// ticketState is what a process knows of tickets. State.mu protects it.
type ticketState struct {
	at        time.Time     // when the newest was made
	came      chan struct{} // closed when another one comes
	asked     time.Time     // when WeChat was last asked to push
	refused   string        // the one that WeChat refuses
	refusedAt time.Time
	cause     error // what it said
}

func (s *State) ticketTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ticket.at
}

// sawTicket notes the newest ticket, and tells whether it was not known.
func (s *State) sawTicket(t ticket) (isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if isNew = t.at().After(s.ticket.at); isNew {
		s.ticket.at = t.at()
		close(s.ticket.came)
		s.ticket.came = make(chan struct{})
	}
	return isNew
}

// TakeTicket keeps a component_verify_ticket that was pushed; the newest by created wins. It returns when the ticket is durable, or
// as durable as the stores allow just now, which is no error.
func (p *Platform) TakeTicket(ctx context.Context, text string, created time.Time) error {
	if text == "" || len(text) > maxTicket || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("ComponentVerifyTicket is none")
	}
	now := p.clock.Now()
	if created.Unix() <= 0 || created.After(now.Add(10*time.Minute)) {
		created = now // one of the future would be the newest for ever
	}
	t := ticket{text, created.Unix()}
	_, err := p.own.Change(ctx, ticketName, func(old vault.Entry, err error) (string, error) {
		var last ticket
		if err == nil && json.Unmarshal([]byte(old.Text), &last) == nil && (last.Created > t.Created || last == t) {
			t = last
			return "", vault.ErrUnchanged
		}
		raw, err := json.Marshal(t)
		return string(raw), err
	})
	if err != nil && !errors.Is(err, vault.ErrUnchanged) {
		return err
	}
	if p.state.sawTicket(t) {
		p.wakeToken(0)
	}
	return nil
}

// elsewherePause is how long a process that has not taken the ticket itself waits for the token of the one that has.
const elsewherePause = 3 * time.Second

// wakeToken has the component_access_token fetched where there is none: what kept it from being fetched may have been the ticket.
// That of another process will do, if there is one after a while.
func (p *Platform) wakeToken(after time.Duration) {
	if p.hasToken() {
		return
	}
	p.background.run(func(ctx context.Context) {
		_, err := p.core.Credential(ctx, credential.AccessToken)
		for wait := after; err != nil && wait > 0 && !p.isOver(); wait -= time.Second {
			select {
			case <-time.After(time.Second):
			case <-p.background.over:
			}
			_, err = p.core.Credential(ctx, credential.AccessToken)
		}
		if err != nil && !p.isOver() {
			err = p.core.Refresh(ctx, credential.AccessToken, false) // logged where it failed
		}
		if err == nil {
			p.replayOlder(ctx, 0) // events that waited for nothing else
		}
	})
}

// hasToken tells whether there is a component_access_token in this process.
func (p *Platform) hasToken() bool {
	state := p.core.Status(credential.AccessToken).State
	return state == credential.Fresh || state == credential.Renewing
}

// lastTicket gives the newest ticket that is of use.
func (p *Platform) lastTicket(ctx context.Context) (t ticket, err error) {
	e, err := p.own.Newest(ctx, ticketName)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, vault.ErrForeign) {
		return t, ErrNoTicket
	}
	if err != nil {
		return t, err
	}
	if json.Unmarshal([]byte(e.Text), &t) != nil || p.clock.Now().Sub(t.at()) > ticketLife {
		return ticket{}, ErrNoTicket
	}
	p.state.sawTicket(t)
	return t, nil
}

// usableTicket is lastTicket, unless WeChat refuses that one. Where there is none, WeChat is asked to push, and it is waited for a
// moment.
func (p *Platform) usableTicket(ctx context.Context) (t ticket, err error) {
	for again := range 2 {
		p.state.mu.Lock()
		came := p.state.ticket.came
		p.state.mu.Unlock()
		t, err = p.lastTicket(ctx)
		if err == nil {
			if err = p.refusedTicket(t); err == nil {
				return t, nil
			}
		}
		if again > 0 || !p.startPush(ctx) {
			return ticket{}, err
		}
		patience := time.NewTimer(ticketPause)
		select {
		case <-came:
		case <-patience.C:
		case <-ctx.Done():
		}
		patience.Stop()
	}
	return ticket{}, err
}

// refusedTicket tells what WeChat said of a ticket that it refused lately.
func (p *Platform) refusedTicket(t ticket) error {
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	s := &p.state.ticket
	if s.refused == t.Text && p.cfg.Now().Sub(s.refusedAt).Abs() < refusedPause {
		return s.cause
	}
	return nil
}

func (p *Platform) refuseTicket(t ticket, cause error) {
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	s := &p.state.ticket
	s.refused, s.refusedAt, s.cause = t.Text, p.cfg.Now(), cause
}

// startDelay is when WeChat may first be asked after a start: what it pushes must find somebody who listens.
const startDelay = 3 * time.Second

// delayStart has WeChat not be asked to push before somebody listens.
func (s *State) delayStart(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ticket.asked.IsZero() {
		s.ticket.asked = now.Add(startDelay - startsApart)
	}
}

// startPush has WeChat push tickets again, once an hour in the fleet, and tells whether it was asked now.
func (p *Platform) startPush(ctx context.Context) bool {
	now := p.clock.Now()
	p.state.mu.Lock()
	soon := now.Sub(p.state.ticket.asked).Abs() < startsApart
	if !soon {
		p.state.ticket.asked = now
	}
	p.state.mu.Unlock()
	if soon {
		return false
	}
	if e, err := p.own.Get(ctx, startName); err == nil {
		if at, err := time.Parse(time.RFC3339, e.Text); err == nil && now.Sub(at).Abs() < startsApart {
			return false
		}
	}
	err := p.cfg.Client.StartPushTicket(ctx, p.cfg.AppID, p.cfg.AppSecret)
	if err != nil {
		p.cfg.Logger.Warn("WeChat was asked to push the component's verify ticket, and did not take that", slog.String("component", p.cfg.Name), slog.Any("error", err))
		p.state.mu.Lock()
		p.state.ticket.asked = now.Add(time.Minute - startsApart) // again in a minute
		p.state.mu.Unlock()
		return false
	}
	p.cfg.Logger.Info("WeChat was asked to push the component's verify ticket", slog.String("component", p.cfg.Name))
	_, _ = p.own.Change(ctx, startName, func(vault.Entry, error) (string, error) { // that saves a call, no more
		return now.UTC().Format(time.RFC3339), nil
	})
	return true
}

// tendTicket asks for the ticket when it is late.
func (p *Platform) tendTicket(ctx context.Context) {
	t, err := p.lastTicket(ctx)
	if err == nil && p.clock.Now().Sub(t.at()) > ticketLate || errors.Is(err, ErrNoTicket) {
		p.startPush(ctx)
	}
}

// awaitTicket looks, while there is no token, whether another process has taken a ticket.
func (p *Platform) awaitTicket(ctx context.Context) {
	if p.hasToken() {
		return
	}
	before := p.state.ticketTime()
	switch t, err := p.lastTicket(ctx); {
	case err == nil && t.at().After(before):
		p.wakeToken(elsewherePause)
	case errors.Is(err, ErrNoTicket):
		p.startPush(ctx)
	}
}
