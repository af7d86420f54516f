package messagepush

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/messages"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// inbox is what takes messages.
type inbox interface {
	CheckPush(ctx context.Context, q push.Query) error
	OpenPush(ctx context.Context, q push.Query, body []byte, platform string) (*push.Message, error)
	DeliverPush(ctx context.Context, m *push.Message, deliver func() (any, error)) (value any, known bool, err error)
	SealPush(m *push.Message, reply []byte) (sealed []byte, format push.Format)
	KeepPush(m *push.Message, status int, way []byte)
	DropPush(m *push.Message)
}

// receiver is whose a message is: an account's of the configuration, or one's that authorised a component.
type receiver struct {
	inbox
	name   string                                                    // of the account in the configuration
	whose  string                                                    // app id of that account
	appID  string                                                    // of the account that authorised the component
	enrich func(ctx context.Context, m *push.Message) (plain []byte) // gives the message's text with what a member filled in
}

// Interface guards
var (
	_ inbox = (*plugin.Account)(nil)
	_ inbox = (*messages.Inbox)(nil)
)
