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
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
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
// older than 25 hours or more than 5 minutes ahead is refused with status 403, one that cannot be decrypted with 400.
//
// The next handler gets a POST with the plain message byte for byte, well-formed or not, as `text/xml` or `application/json`,
// `encrypt_type` and `msg_signature` gone from the query, and these headers (the client's own are removed), each where the
// message has one such field at its top level and that can be read without doubt.
// They hold UTF-8; control characters are left out, and a value of more than 2048 bytes altogether.
//
// Header | Field of the message
// -------|---------------------
// `X-Wechat-Event` | Event
// `X-Wechat-Openid` | FromUserName: the user's openid at the official account
// `X-Wechat-Unionid` | UnionId, of an event
// `X-Wechat-Card-Id` | CardId, of an event
// `X-Wechat-Outer-Str` | OuterStr, of an event
//
// A 2xx answer of at most 64 KiB ends the matter if it is empty, or says `success`, or is WeChat's reply: in XML what begins
// with the element `xml`, in JSON an object with `MsgType`. The reply is encrypted and signed if the message was. Everything
// else is answered with status 502, so that WeChat tries again, which it does for up to a day. A message that was accepted
// before is answered with `success`, and one that is still worked on is joined. The next handler has a minute, whether or not
// WeChat still waits.
//
// With a `component` the route takes what WeChat pushes to a third-party platform (第三方平台), at both of its URLs. Verify tickets and
// the events of authorisations are the gateway's: they are answered with `success`, and no next handler gets them. A message of
// an account that authorised the component is passed on as above, with the account's app_id, which is the last segment of the path,
// as `X-Wechat-App-Id`. One of an account that did not is answered with `success`, and logged once a minute.
type MessagePush struct {
	// Whether to add what a member filled in to `submit_membercard_user_info`: as the object `user_info` in JSON, or as the
	// element `UserInfo`, whose text is that object, in XML. If WeChat does not tell it within two seconds, the message goes on
	// without. Default: false.
	Enrich bool `json:"enrich,omitempty"`

	// The app_id of the third-party platform (第三方平台) that messages are encrypted for.
	// Default: they are encrypted for the account.
	ComponentAppID string `json:"component_app_id,omitempty"`

	// The component (第三方平台) of the app `wechat_card` whose events and messages the route takes. The route has no account then. The
	// path's last segment is the app_id of the account whose message it is, which WeChat puts for `$APPID$` in the URL of messages.
	// Default: the route is an account's.
	Component string `json:"component,omitempty"`

	// Whether the gateway answers WeChat's test before a platform is published (全网发布), with a `component`: `on` or `off`. What the
	// accounts of that test send is answered as it wants, and no next handler gets it. Default: off.
	ReleaseTest string `json:"release_test,omitempty"`

	// What the next handler's 2xx answers are: with `off` there are no replies among them, so that each accepts the message
	// whatever it says, unless it begins as HTML does, and WeChat is answered with `success`. Default: a 2xx answer is a reply,
	// `success` or empty, or else does not accept the message.
	Replies string `json:"replies,omitempty"`

	// How many messages that were not accepted are kept, sealed, in the account's store, until they are: 16 MiB of them at most,
	// for seven days at most. `caddy wechat-card push` lists them and brings them again. Of several numbers for one account the
	// greatest holds. Default: none.
	Keep int `json:"keep,omitempty"`

	componentAppID string
	component      *thirdparty.Component // nil: the route is an account's
	find           finder
	strangers      *quiet
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
	if p.Replies != "" && p.Replies != repliesOff {
		return fmt.Errorf("replies can only be %q, not %q", repliesOff, p.Replies)
	}
	if p.Keep < 0 {
		return errors.New("keep must be a number greater than zero")
	}
	return p.provisionComponent(ctx)
}

// Needs implements Action.
func (p *MessagePush) Needs() []credential.Kind {
	if p.Enrich && p.Component == "" {
		return []credential.Kind{credential.AccessToken}
	}
	return nil
}

// Methods implements Answering.
func (p *MessagePush) Methods() []string { return []string{http.MethodGet, http.MethodPost} }

// CheckAccount implements Choosing.
func (p *MessagePush) CheckAccount(account *plugin.Account) error {
	account.WillKeep(p.Keep)
	return account.CheckMessagePush()
}

// ServeAction implements Action.
func (p *MessagePush) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	headers.RemoveForged(r, pushFields)
	if p.component != nil {
		return p.serveComponent(w, r, next)
	}
	body, err := read(r)
	if err != nil {
		return err
	}
	m, err := open(w, r, account, body, p.componentAppID)
	if m == nil {
		return err
	}
	return p.pass(w, r, next, receiver{inbox: account, name: account.Name(), whose: account.AppID(), enrich: account.PushWithUserInfo}, m)
}

// read reads the body of a POST.
func read(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, nil
	}
	body, err := bodies.Read(r)
	if problem, ok := errors.AsType[*problem.Problem](err); ok {
		problem.Warn = true
	}
	return body, err
}

// open answers WeChat's check of the URL, or opens a message; nil: there is none.
func open(w http.ResponseWriter, r *http.Request, of inbox, body []byte, platform string) (*push.Message, error) {
	q := readPushQuery(r.URL.RawQuery)
	if r.Method == http.MethodGet {
		if err := of.CheckPush(r.Context(), q.Query); err != nil {
			return nil, pushProblem(err)
		}
		answerText(w, q.echo)
		return nil, nil
	}
	m, err := of.OpenPush(r.Context(), q.Query, body, platform)
	if err != nil {
		return nil, pushProblem(err)
	}
	return m, nil
}

// pass passes a message on, once, and answers.
func (p *MessagePush) pass(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, to receiver, m *push.Message) error {
	value, _, err := to.DeliverPush(r.Context(), m, func() (any, error) {
		return p.deliver(r, next, to, m)
	})
	if err != nil {
		return pushProblem(err)
	}
	reply, _ := value.(*pushReply) // none, if the message was accepted before
	reply.answer(w, to, m)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	message_push {
//		enrich
//		component_app_id <app_id>
//		component <name>
//		release_test on|off
//		replies off
//		keep <n>
//	}
func (p *MessagePush) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return words.Unmarshal(d, words.Subdirectives{
		"enrich":           func() error { return words.Flag(d, &p.Enrich) },
		"component_app_id": func() error { return words.OneValue(d, &p.ComponentAppID) },
		"component":        func() error { return words.OneValue(d, &p.Component) },
		"release_test":     func() error { return words.OneOf(d, &p.ReleaseTest, "on", "off") },
		"replies":          func() error { return words.OneOf(d, &p.Replies, repliesOff) },
		"keep":             func() error { return words.Number(d, &p.Keep) },
	})
}

// repliesOff is the one value of MessagePush.Replies.
const repliesOff = "off"

// Interface guards
var (
	_ caddy.Provisioner     = (*MessagePush)(nil)
	_ action.Answering      = (*MessagePush)(nil)
	_ action.Choosing       = (*MessagePush)(nil)
	_ action.Accountless    = (*MessagePush)(nil)
	_ caddyfile.Unmarshaler = (*MessagePush)(nil)
)
