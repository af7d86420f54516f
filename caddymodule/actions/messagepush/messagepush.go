// Package messagepush is the action message_push: each message that WeChat pushes, once, verified and in plain.
package messagepush

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// MessagePush is an action that takes the messages that WeChat pushes to the account's URL (消息推送), as the account's
// `message_push` settings say: it answers WeChat's check of the URL, and passes each message on to the next handler once,
// verified and in plain.
//
// With an `encoding_aes_key`, only the encrypted part of a message counts. Without one, WeChat's signature does not cover the
// body, and a timestamp with its nonce is good for one body. A message with a wrong signature, for another receiver,
// older than 25 hours or more than 5 minutes ahead is refused with status 403, one that cannot be read with 400.
//
// The next handler gets a POST with the plain message, as `text/xml` or `application/json`, `encrypt_type` and `msg_signature`
// gone from the query, and these headers (the client's own are removed), each where the message has such a field.
// They hold UTF-8; control characters are left out, and a value of more than 2048 bytes altogether.
//
// Header | Field of the message
// -------|---------------------
// `X-Wechat-Event` | Event
// `X-Wechat-Openid` | FromUserName: the user's openid at the official account
// `X-Wechat-Unionid` | UnionId
// `X-Wechat-Card-Id` | CardId
// `X-Wechat-Outer-Str` | OuterStr
//
// A 2xx answer of at most 64 KiB ends the matter: an empty one becomes `success`, any other is WeChat's reply, encrypted and
// signed if the message was. Everything else is answered with status 502, so that WeChat tries again, which it does for up to
// a day. A message that was accepted before is answered with `success`, and one that is still worked on is joined. The next
// handler has a minute, whether or not WeChat still waits.
type MessagePush struct {
	// Whether to add what a member filled in to `submit_membercard_user_info`: as the object `user_info` in JSON, or as the
	// element `UserInfo`, whose text is that object, in XML. If WeChat does not tell it within two seconds, the message goes on
	// without. Default: false.
	Enrich bool `json:"enrich,omitempty"`

	// The app_id of the third-party platform (第三方平台) that messages are encrypted for.
	// Default: they are encrypted for the account.
	ComponentAppID string `json:"component_app_id,omitempty"`

	componentAppID string
	logger         *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (MessagePush) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".message_push", New: func() caddy.Module { return new(MessagePush) }}
}

// Provision compiles the configuration.
func (p *MessagePush) Provision(ctx caddy.Context) error {
	p.logger = ctx.Logger()
	var err error
	if p.componentAppID, err = words.Expand(p.ComponentAppID); err != nil {
		return fmt.Errorf("component_app_id: %w", err)
	}
	return nil
}

// Needs implements Action.
func (p *MessagePush) Needs() []credential.Kind {
	if p.Enrich {
		return []credential.Kind{credential.AccessToken}
	}
	return nil
}

// Methods implements Answering.
func (p *MessagePush) Methods() []string { return []string{http.MethodGet, http.MethodPost} }

// CheckAccount implements Choosing.
func (p *MessagePush) CheckAccount(account *plugin.Account) error { return account.CheckMessagePush() }

// ServeAction implements Action.
func (p *MessagePush) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	headers.RemoveForged(r, pushFields)
	q := readPushQuery(r.URL.RawQuery)
	if r.Method == http.MethodGet {
		if err := account.CheckPush(r.Context(), q.Query); err != nil {
			return pushProblem(err)
		}
		answerText(w, q.echo)
		return nil
	}
	body, err := bodies.Read(r)
	if err != nil {
		if problem, ok := errors.AsType[*problem.Problem](err); ok {
			problem.Warn = true
		}
		return err
	}
	m, err := account.OpenPush(r.Context(), q.Query, body, p.componentAppID)
	if err != nil {
		return pushProblem(err)
	}
	value, _, err := account.DeliverPush(r.Context(), m, func() (any, error) {
		return p.deliver(r, next, account, m)
	})
	if err != nil {
		return pushProblem(err)
	}
	reply, _ := value.(*pushReply) // none, if the message was accepted before
	reply.answer(w, account, m)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	message_push {
//		enrich
//		component_app_id <app_id>
//	}
func (p *MessagePush) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return words.Unmarshal(d, words.Subdirectives{
		"enrich":           func() error { return words.Flag(d, &p.Enrich) },
		"component_app_id": func() error { return words.OneValue(d, &p.ComponentAppID) },
	})
}

// Interface guards
var (
	_ caddy.Provisioner     = (*MessagePush)(nil)
	_ action.Answering      = (*MessagePush)(nil)
	_ action.Choosing       = (*MessagePush)(nil)
	_ caddyfile.Unmarshaler = (*MessagePush)(nil)
)
