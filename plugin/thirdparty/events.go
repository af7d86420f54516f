package thirdparty

import (
	"context"
	"log/slog"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// The InfoTypes of the platform that are not those of platform.ChangeKind.
const (
	infoTicket = "component_verify_ticket"
	infoFast   = "notify_third_fasteregister" // a mini program was registered through the platform, and has authorised it
)

// Take has done what WeChat tells the platform. It returns when that is kept, for WeChat waits five seconds and may not bring it
// again; what takes longer is done in the background. What cannot be kept is logged: WeChat wants to hear of no failure. Of an
// InfoType that it does not know there is nothing to do.
func (c *Component) Take(ctx context.Context, e push.PlatformEvent) {
	ctx = context.WithoutCancel(ctx)
	var err error
	switch e.InfoType {
	case infoTicket:
		err = c.TakeTicket(ctx, e.Ticket, e.Created)
	case string(platform.Authorised), string(platform.Updated), string(platform.Ended):
		err = c.Accept(ctx, platform.Event{Kind: platform.ChangeKind(e.InfoType), AppID: e.AppID, Code: e.Code, Created: e.Created})
	case infoFast:
		if e.Code != "" {
			err = c.Accept(ctx, platform.Event{Kind: platform.Authorised, AppID: e.AppID, Code: e.Code, Created: e.Created})
		}
	default:
		c.cfg.Logger.Debug("event of the platform is not for the gateway", c.label(), slog.String("info_type", e.InfoType))
	}
	if err != nil {
		c.cfg.Logger.Error("event of the platform could not be taken", c.label(), slog.String("info_type", e.InfoType),
			slog.String("app_id", e.AppID), slog.Any("error", err))
	}
}
