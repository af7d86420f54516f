package platform

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// describePause is between two questions what an account is, where they fail.
const describePause = time.Minute

// describe asks WeChat what an account is. What it does not tell now is asked again later.
func (p *Platform) describe(ctx context.Context, r record) record {
	if at, ok := p.state.described.Get(r.AppID); ok && p.cfg.Now().Sub(at).Abs() < describePause {
		return r
	}
	described, err := shared.Do(ctx, &p.state.flights, "describe "+r.AppID, func(ctx context.Context) (record, error) {
		profile, err := p.profile(ctx, r.AppID)
		if err != nil {
			return record{}, err
		}
		now, err := p.change(ctx, r.AppID, func(r *record, err error) error {
			if err == nil && !r.alive() {
				err = ErrNotAuthorised
			}
			if err != nil {
				return err
			}
			r.Described, r.MiniProgram, r.Name, r.UserName = true, profile.IsMiniProgram, profile.Name, profile.UserName
			if len(r.Sets) == 0 {
				r.Sets = profile.Sets
			}
			return nil
		})
		return now, err
	})
	if err != nil {
		p.state.described.Add(r.AppID, p.cfg.Now())
		if !errors.Is(err, ErrNotAuthorised) && !errors.Is(err, fs.ErrNotExist) {
			p.cfg.Logger.Warn("WeChat did not tell what an account is that has authorised the component",
				slog.String("component", p.cfg.Name), slog.String("app_id", r.AppID), slog.Any("error", err))
		}
		return r
	}
	return described
}

// profile asks WeChat what an account is.
func (p *Platform) profile(ctx context.Context, appID string) (profile wechat.Profile, err error) {
	err = p.callAs(ctx, func(of wechat.Component) (err error) {
		profile, err = p.cfg.Client.AuthorizerInfo(ctx, of, appID)
		return err
	})
	slices.Sort(profile.Sets)
	return profile, err
}
