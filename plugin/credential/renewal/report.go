package renewal

import (
	"context"
	"errors"
	"log/slog"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// renewed tells of a new value. A ticket that is still the same, seen again while it lives, is none.
func (f *flight) renewed(was, h *value.Held) {
	if f.Kind.IsTicket() && was != nil && was.Text == h.Text {
		f.env.Logger.Debug("ticket is still the same", slog.String("credential", string(f.Kind)),
			slog.Time("expires", h.Expires), slog.String("source", string(h.Source)))
		return
	}
	f.State.History.Landed(h.Source)
	level := slog.LevelInfo
	if h.Watched && f.same {
		level = slog.LevelDebug // it may be looked at every minute
	}
	f.env.Logger.Log(context.Background(), level, "credential renewed", slog.String("credential", string(f.Kind)),
		slog.Time("expires", h.Expires), slog.String("source", string(h.Source)))
	f.env.observe(Event{Kind: f.Kind, Source: h.Source, Obtained: h.Obtained, Expires: h.Expires, Forced: f.forced})
}

// failed notes a failure and logs it. A flight that was stopped has not failed.
func (f *flight) failed(err error) error {
	if f.env.ctx.Err() != nil || errors.Is(err, ErrStopped) {
		return ErrStopped
	}
	now := f.env.Now()
	u := f.State.Fail(err, now, f.env.Random())
	f.State.History.Missed(u.Err, now)
	f.env.observe(Event{Kind: f.Kind, Err: u.Err, NextAttempt: u.RetryAt, Forced: f.forced})
	attrs := []any{
		slog.String("credential", string(f.Kind)),
		slog.Any("error", u.Err),
		slog.Time("next_attempt", u.RetryAt),
	}
	if e, ok := errors.AsType[*wechat.Error](err); ok && e.Hint() != "" {
		attrs = append(attrs, slog.String("hint", e.Hint()))
	}
	if f.State.Serve(now) != nil {
		f.env.Logger.Warn("renewing credential failed; the old one is served on", attrs...)
	} else {
		f.env.Logger.Error("fetching credential failed; there is none to serve", attrs...)
	}
	return u
}
