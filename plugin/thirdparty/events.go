package thirdparty

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/errands"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// WeChat waits five seconds for an answer to an event, and may not bring it again.
const (
	answerWithin = 3 * time.Second
	eventTimeout = 30 * time.Second // of one try
	eventLife    = time.Hour        // the longest that an authorization code lives
)

// The InfoTypes that something is done for.
const (
	infoTicket = "component_verify_ticket"
	infoFast   = "notify_third_fasteregister" // a mini program that was registered through the platform, and has authorised it
)

// Take does what WeChat tells the platform. It returns when that is done, or at the latest after three seconds, when it goes on in the
// background and lies in the store, so that it survives this process. An InfoType of which nothing is known is nothing to do.
func (c *Component) Take(ctx context.Context, e push.PlatformEvent) {
	log := c.cfg.Logger.With(c.label(), slog.String("info_type", e.InfoType), slog.String("app_id", e.AppID))
	switch e.InfoType {
	case infoTicket:
		if e.Ticket == "" {
			log.Warn("verify ticket of the platform is empty")
			return
		}
	case string(platform.Authorised), string(platform.Updated), string(platform.Ended):
		if e.AppID == "" {
			log.Warn("event of the platform names no account")
			return
		}
	case infoFast:
		if e.Code == "" {
			return
		}
		e.InfoType = string(platform.Authorised)
	default:
		log.Debug("event of the platform is not for the gateway")
		return
	}
	body, _ := json.Marshal(e) // strings and a time
	sum := sha256.Sum256([]byte(e.InfoType + "\x00" + e.AppID + "\x00" + e.Code + "\x00" + e.Ticket + "\x00" + strconv.FormatInt(e.Created.Unix(), 10)))
	c.events.Do(ctx, kept.ID(sum[:]), e.InfoType, body, answerWithin)
}

// do is errands.Config.Do. What WeChat refuses it refuses again.
func (c *Component) do(ctx context.Context, m kept.Message) error {
	var e push.PlatformEvent
	if err := json.Unmarshal(m.Plain, &e); err != nil {
		return errands.GiveUp(err)
	}
	var err error
	if e.InfoType == infoTicket {
		err = c.TakeTicket(ctx, e.Ticket, e.Created)
	} else {
		err = c.Happened(ctx, platform.Event{Kind: platform.ChangeKind(e.InfoType), AppID: e.AppID, Code: e.Code, Created: e.Created})
	}
	if wechat.Is(err, wechat.Refused) {
		return errands.GiveUp(err)
	}
	return err
}
