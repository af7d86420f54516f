package platform

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	// codeLife is for how long it is remembered what a code has brought. WeChat's own life of a code is an hour at the most.
	codeLife = time.Hour

	// codeWait is how long a process waits for another that exchanges the same code: longer than WeChat is given for it.
	codeWait = 10 * time.Second

	maxCode = 512
)

// WeChat's errcodes for a code that is wrong or was used, and for one that is too old.
const (
	codeInvalid = 61009
	codeExpired = 61010
)

// IsSpent tells whether WeChat refused an authorization code for good: another one may do.
func IsSpent(err error) bool {
	code := wechat.Errcode(err)
	return code == codeInvalid || code == codeExpired
}

// outcome is what a code has brought for good, or who has claimed that.
type outcome struct {
	AppID string `json:"app_id,omitempty"`
	Code  int    `json:"errcode,omitempty"`
	Msg   string `json:"errmsg,omitempty"`
	By    string `json:"by,omitempty"` // whose the code is
	Time  int64  `json:"time"`

	token wechat.Grant // known to the process that exchanged it
}

func (o outcome) err() error {
	if o.Code != 0 {
		return &wechat.Error{API: wechat.APIQueryAuth, Code: o.Code, Msg: o.Msg}
	}
	return nil
}

// Authorise exchanges an authorization code, once however often and from wherever it comes, and keeps the authorisation. It fails
// with what IsSpent knows where WeChat refuses the code, with *limit.Busy where visitors bring too many, and as calls do; then the
// exchange is tried again in the background for as long as a code lives, for WeChat may have pushed nothing of it.
func (p *Platform) Authorise(ctx context.Context, code string) (a Authorisation, err error) {
	if code == "" || len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return a, outcome{Code: codeInvalid, Msg: "invalid authorization code"}.err() // as WeChat would say
	}
	err = p.state.exchanges.Do(ctx, func() error {
		e := Event{Kind: Authorised, Code: code, Created: p.clock.Now()}
		done, err := p.note(ctx, e)
		if err != nil {
			return err
		}
		o, err := p.exchange(ctx, e)
		if err == nil || IsSpent(err) || isRefused(err) {
			done()
		}
		if err == nil {
			a, err = p.Authorisation(context.WithoutCancel(ctx), o.AppID)
		}
		return err
	})
	return a, err
}

// Claim tells whether a code that has been exchanged is by's, who is the first to claim it, in the whole fleet: a code is no secret once it
// was used, for it stands in logs and in the histories of browsers. by is who brought it, such as a visit of the page; it is
// remembered for as long as the code.
func (p *Platform) Claim(ctx context.Context, code, by string) bool {
	mine := outcome{By: seal.Hash("claim of an authorization code", p.cfg.AppID, by), Time: p.clock.Now().Unix()}
	e, _ := p.codes.Change(ctx, "claim-"+p.nameOf(code), func(_ vault.Entry, err error) (string, error) {
		if err == nil {
			return "", vault.ErrUnchanged
		}
		raw, err := json.Marshal(mine)
		return string(raw), err
	})
	var first outcome
	return json.Unmarshal([]byte(e.Text), &first) == nil && first.By == mine.By
}

// nameOf is what is called by a code in the stores.
func (p *Platform) nameOf(code string) string {
	return seal.Hash("authorization code", p.cfg.AppID, code)
}

// exchange exchanges the code of an event, unless that was done before, here or elsewhere, and keeps what it brings.
func (p *Platform) exchange(ctx context.Context, e Event) (outcome, error) {
	name := p.nameOf(e.Code)
	o, err := shared.Do(ctx, &p.state.flights, name, func(ctx context.Context) (outcome, error) {
		if o, ok := p.state.outcomes.Get(name); ok && p.fresh(o) {
			return o, nil
		}
		unlock, _ := p.vault.Lock(ctx, "exchange/"+name, codeWait)
		defer unlock()
		if o, ok := p.known(ctx, name); ok {
			p.state.outcomes.Add(name, o)
			return o, nil
		}
		o, err := p.exchanged(ctx, e)
		if err != nil {
			return o, err
		}
		p.state.outcomes.Add(name, o)
		_, _ = p.codes.Change(ctx, name, func(vault.Entry, error) (string, error) { // what fails is written again
			raw, err := json.Marshal(o)
			return string(raw), err
		})
		return o, nil
	})
	if err == nil {
		err = o.err()
	}
	return o, err
}

func (p *Platform) fresh(o outcome) bool {
	return p.clock.Now().Sub(time.Unix(o.Time, 0)).Abs() < codeLife
}

// known gives what a code has brought another process.
func (p *Platform) known(ctx context.Context, name string) (o outcome, ok bool) {
	e, err := p.codes.Get(ctx, name)
	return o, err == nil && json.Unmarshal([]byte(e.Text), &o) == nil && p.fresh(o)
}

// exchanged exchanges a code with WeChat. What it brings is kept before anybody is told of it.
func (p *Platform) exchanged(ctx context.Context, e Event) (o outcome, err error) {
	var given wechat.Authorizer
	err = p.callAs(ctx, func(of wechat.Component) (err error) {
		given, err = p.cfg.Client.QueryAuth(ctx, of, e.Code)
		return err
	})
	o.Time = p.clock.Now().Unix()
	if IsSpent(err) {
		o.Code = wechat.Errcode(err)
		if refused, ok := errors.AsType[*wechat.Error](err); ok {
			o.Msg = refused.Msg
		}
		return o, nil
	}
	if err != nil {
		return o, err
	}
	if !appIDs.MatchString(given.AppID) {
		return o, errors.New("WeChat names an account whose app_id is none")
	}
	o.AppID, o.token = given.AppID, given.Token
	return o, p.grant(ctx, given, e)
}

// grant keeps what WeChat gave for an account, and tells of it when it is kept.
func (p *Platform) grant(ctx context.Context, given wechat.Authorizer, e Event) error {
	var kind ChangeKind // "": nothing changes that anybody wants to know
	slices.Sort(given.Sets)
	created := e.Created.Unix()
	r, err := p.change(ctx, given.AppID, func(r *record, err error) error {
		kind = ""
		was := *r
		if err != nil && !errors.Is(err, errNothing) {
			// The code has been used up, so what it brought is kept whatever there was before.
			p.cfg.Logger.Warn("what was kept of an account before it authorised the component again cannot be read and is replaced",
				slog.String("component", p.cfg.Name), slog.String("app_id", given.AppID), slog.Any("error", err))
		}
		if was.Ended != nil && was.Ended.At > created {
			return vault.ErrUnchanged // it has been taken back since
		}
		same := was.alive() && was.RefreshToken == given.RefreshToken && was.Generation != ""
		switch {
		case !was.alive(), !same && e.Kind != Updated, was.Refused != nil:
			kind = Authorised
		case !same, !slices.Equal(was.Sets, given.Sets):
			kind = Updated
		}
		if !same || was.Refused != nil {
			r.Generation = newGeneration()
		}
		if !same || r.Since == 0 {
			r.Since = created
		}
		if given.RefreshToken != "" || !was.alive() {
			r.RefreshToken, r.Turned = given.RefreshToken, p.clock.Now().UnixMilli()
		}
		r.Sets, r.Changed = given.Sets, max(r.Changed, created)
		r.Described, r.Refused, r.Ended = false, nil, nil
		return nil
	})
	if errors.Is(err, vault.ErrUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	r = p.describe(ctx, r)
	if kind != "" {
		p.tell(kind, e.Created, r)
	}
	return nil
}

// tell tells of a change, here and in the log.
func (p *Platform) tell(kind ChangeKind, at time.Time, r record) {
	a := r.authorisation()
	p.cfg.Logger.Info("an account's authorisation of the component has changed",
		slog.String("component", p.cfg.Name), slog.String("app_id", r.AppID), slog.String("change", string(kind)), slog.Any("sets", a.Sets))
	p.cfg.Changed(Change{Kind: kind, At: at.UTC(), Authorisation: a})
}
