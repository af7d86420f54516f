package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
)

// noted is an event as it is kept until it has been dealt with: a process may be killed before it has.
type noted struct {
	Kind    ChangeKind `json:"kind"`
	AppID   string     `json:"app_id,omitempty"` // "": it is a code from the authorise page, and nobody knows yet whose
	Code    string     `json:"code,omitempty"`
	Created int64      `json:"created"`
}

func (n noted) event() Event { return Event{n.Kind, n.AppID, n.Code, time.Unix(n.Created, 0)} }

// note keeps an event until done is called.
func (p *Platform) note(ctx context.Context, e Event) (done func(), err error) {
	name := seal.Hash("event", p.cfg.AppID, string(e.Kind), e.AppID, e.Code)
	if e.Code == "" {
		name = seal.Hash("event", p.cfg.AppID, string(e.Kind), e.AppID, strconv.FormatInt(e.Created.Unix(), 10))
	}
	_, err = p.events.Change(ctx, name, func(_ vault.Entry, err error) (string, error) {
		if err == nil {
			return "", vault.ErrUnchanged // WeChat repeats it, or a process before this one was killed
		}
		raw, err := json.Marshal(noted{e.Kind, e.AppID, e.Code, e.Created.Unix()})
		return string(raw), err
	})
	if err != nil && !errors.Is(err, vault.ErrUnchanged) {
		return nil, err
	}
	return func() {
		_ = p.events.Drop(context.WithoutCancel(ctx), name) // else it is done once more, which changes nothing
	}, nil
}

// Happened does what a pushed event asks for. Events may be repeated, and may come out of order. What fails is tried again in the
// background, for as long as a code lives.
func (p *Platform) Happened(ctx context.Context, e Event) error {
	finish, err := p.accept(ctx, e)
	if err != nil {
		return err
	}
	return finish(ctx)
}

// Accept is Happened for who must answer WeChat soon: it returns when the event is kept, so that a process that is killed then loses
// nothing, and does the work in the background. It takes two seconds or three at the most.
func (p *Platform) Accept(ctx context.Context, e Event) error {
	finish, err := p.accept(ctx, e)
	if err != nil {
		return err
	}
	p.background.run(func(ctx context.Context) { _ = finish(ctx) }) // logged, and tried again
	return nil
}

func (p *Platform) accept(ctx context.Context, e Event) (finish func(context.Context) error, err error) {
	if !appIDs.MatchString(e.AppID) {
		return nil, errors.New("AuthorizerAppid is none")
	}
	if len(e.Code) > maxCode {
		return nil, errors.New("AuthorizationCode is none")
	}
	switch e.Kind {
	case Authorised, Updated, Ended:
	default:
		return nil, fmt.Errorf("there is no InfoType %q of authorisations", e.Kind)
	}
	now := p.clock.Now()
	if e.Created.Unix() <= 0 || e.Created.After(now.Add(10*time.Minute)) {
		e.Created = now // one of the future would hide all that come after it
	}
	e.Created = time.Unix(e.Created.Unix(), 0)
	done, err := p.note(ctx, e)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return p.finish(ctx, e, done, false) }, nil
}

// finish does what an event asks for, and is done with it unless that failed in a way that may pass.
func (p *Platform) finish(ctx context.Context, e Event, done func(), again bool) error {
	err := p.do(ctx, e, again)
	if err == nil || IsSpent(err) || isRefused(err) {
		done()
	}
	if err != nil {
		p.cfg.Logger.Warn("what WeChat pushed of an account's authorisation could not be done",
			slog.String("component", p.cfg.Name), slog.String("app_id", e.AppID), slog.String("event", string(e.Kind)), slog.Any("error", err))
	}
	return err
}

// do does what an event asks for. again says that this is not the first time, so that nobody may have been told of it.
func (p *Platform) do(ctx context.Context, e Event, again bool) error {
	if e.Kind == Ended {
		return p.end(ctx, e.AppID, e.Created, false, again)
	}
	if e.AppID == "" {
		return p.doCode(ctx, e, again)
	}
	r, err := p.newest(ctx, e.AppID)
	switch {
	case err == nil && r.Changed > e.Created.Unix(), errors.Is(err, ErrNotAuthorised) && r.Ended != nil && r.Ended.At > e.Created.Unix():
		if again && r.alive() {
			p.tell(e.Kind, e.Created, r)
		}
		return nil // something newer has come before it
	}
	if e.Code != "" {
		o, err := p.exchange(ctx, e)
		switch {
		case err == nil && o.AppID == e.AppID:
			return p.toldAgain(ctx, e, again)
		case err == nil:
			p.cfg.Logger.Warn("an authorization code is that of another account than WeChat said",
				slog.String("component", p.cfg.Name), slog.String("app_id", e.AppID), slog.String("is_of", o.AppID))
			return nil
		case !IsSpent(err):
			return err
		}
		// Another system, or this one before it was killed, has exchanged it.
		if r, err := p.newest(ctx, e.AppID); err == nil && r.Changed >= e.Created.Unix() {
			return p.toldAgain(ctx, e, again)
		}
	}
	return p.recover(ctx, e)
}

// doCode is do for a code from the authorise page.
func (p *Platform) doCode(ctx context.Context, e Event, again bool) error {
	o, err := p.exchange(ctx, e)
	if IsSpent(err) {
		p.seek(ctx) // the account may be one that is not known yet
		return err
	}
	if err != nil {
		return err
	}
	e.AppID = o.AppID
	return p.toldAgain(ctx, e, again)
}

// toldAgain tells of what happened where that is not the first time.
func (p *Platform) toldAgain(ctx context.Context, e Event, again bool) error {
	if !again {
		return nil
	}
	if r, err := p.newest(ctx, e.AppID); err == nil {
		p.tell(e.Kind, e.Created, r)
	}
	return nil
}

// recover asks WeChat for the refresh token of an account that it says has authorised the component.
func (p *Platform) recover(ctx context.Context, e Event) error {
	profile, err := p.profile(ctx, e.AppID)
	if err != nil {
		return err
	}
	if profile.RefreshToken == "" {
		return errors.New("WeChat gives no refresh token for the account")
	}
	return p.grant(ctx, profile.Authorizer, e)
}

// newest gives the newest that any place has of an account: errNothing, or ErrNotAuthorised with what is kept of the end.
func (p *Platform) newest(ctx context.Context, appID string) (r record, err error) {
	if !appIDs.MatchString(appID) {
		return r, ErrNotAuthorised
	}
	e, err := p.records.Newest(ctx, appID)
	if errors.Is(err, fs.ErrNotExist) {
		err = errNothing
	}
	if err == nil {
		r, err = parse(e.Text)
	}
	if err == nil && !r.alive() {
		err = ErrNotAuthorised
	}
	return r, err
}

// end notes that an authorisation was taken back at a time, unless it was granted later than that. here says that an operator wants
// it, again that this is not the first time, so that nobody may have been told of it.
func (p *Platform) end(ctx context.Context, appID string, at time.Time, here, again bool) error {
	was := false
	r, err := p.change(ctx, appID, func(r *record, err error) error {
		was = r.alive() || again && r.Ended != nil && r.Ended.At == at.Unix()
		switch {
		case errors.Is(err, vault.ErrForeign) && !here:
			return vault.ErrUnchanged // WeChat refuses it when it is used, should the key come back
		case errors.Is(err, vault.ErrForeign), errors.Is(err, errNothing) && !here:
			// So that an older event, which may still come, does not count.
		case errors.Is(err, errNothing):
			return ErrNotAuthorised
		case err != nil:
			return err
		case here && !r.alive():
			return ErrNotAuthorised
		case r.Since > at.Unix(), r.Ended != nil && r.Ended.At >= at.Unix():
			return vault.ErrUnchanged
		}
		r.Ended = &ending{At: at.Unix(), Here: here}
		r.RefreshToken, r.Refused, r.Generation = "", nil, ""
		return nil
	})
	if errors.Is(err, vault.ErrUnchanged) {
		if again && was && !r.alive() {
			p.tell(Ended, at, r)
		}
		return nil
	}
	if err == nil && was {
		p.tell(Ended, at, r)
	}
	return err
}

// maxReplay is for how long events are tried again.
const maxReplay = 2 * time.Hour

// retry is when an event that failed is tried again.
type retry struct {
	next  time.Time
	pause time.Duration
}

// mayReplay takes the try that is due, and tells whether one is: each pause is twice as long as the one before.
func (s *State) mayReplay(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.replays[name]
	if now.Before(a.next) && a.next.Sub(now) <= maxReplay {
		return false
	}
	a.pause = max(2*a.pause, replayEvery)
	a.next = now.Add(a.pause)
	s.replays[name] = a
	return true
}

// replayed forgets those that are dealt with.
func (s *State) replayed(left []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.replays, func(name string, _ retry) bool { return !slices.Contains(left, name) })
}

// replayAge is how old an event must be before another process than that which took it deals with it.
const replayAge = 5 * time.Second

// replay deals with events that nobody has dealt with: a process was killed, or could not.
func (p *Platform) replay(ctx context.Context) { p.replayOlder(ctx, replayAge) }

// replayOlder is replay for events that are older than so much.
func (p *Platform) replayOlder(ctx context.Context, than time.Duration) {
	names, err := p.events.Names(ctx)
	if err == nil {
		p.state.replayed(names)
	}
	if err != nil || len(names) == 0 {
		return
	}
	unlock, _ := p.vault.Lock(ctx, "replay", time.Second) // that saves work, no more
	defer unlock()
	for _, name := range names {
		if ctx.Err() != nil {
			return
		}
		e, err := p.events.Get(ctx, name)
		var n noted
		if errors.Is(err, vault.ErrForeign) || err == nil && json.Unmarshal([]byte(e.Text), &n) != nil {
			_ = p.events.Drop(ctx, name) // nobody can do what nobody can read
			continue
		}
		if err != nil {
			continue
		}
		age := p.cfg.Now().Sub(e.Written)
		if age.Abs() < than {
			continue
		}
		done := func() { _ = p.events.Drop(context.WithoutCancel(ctx), name) }
		if age.Abs() > maxReplay {
			done()
			continue
		}
		if p.state.mayReplay(name, p.cfg.Now()) {
			_ = p.finish(ctx, n.event(), done, true) // logged, and tried again
		}
	}
}
