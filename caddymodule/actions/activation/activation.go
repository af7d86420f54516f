// Package activation is the action activation: what a user filled in for a member card, and the card activated.
package activation

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/nostore"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Activation is an action that takes what comes back when a user has filled in the form of a member card of the jump type
// (跳转型一键激活), fetches what the user filled in, and passes everything on to the backend.
//
// A POST has `activate_ticket`, `card_id` and `code`, as App.onShow of a mini program finds them in
// `referrerInfo.extraData`, in a JSON object or a form of at most 64 KiB; a GET has the parameters of WeChat's redirect,
// with `encrypt_code`. Values that are still percent-encoded are decoded, blanks that were `+` are mended, and an encrypted
// code is decrypted.
//
// The backend gets a POST with a JSON object: everything that was sent, byte for byte if it was JSON; `code`, in plain; and
// `user_info`, which is `{"common_field_list":[…],"custom_field_list":[…]}` as WeChat gives it. A `user_info` of the
// client's is dropped. The parameters that WeChat's redirect adds are no longer in the query.
//
// The activate_ticket proves that somebody has just filled in a form of one of the account's cards. Whose it is and which
// card's, WeChat does not tell: `card_id`, `openid`, `outer_str` and a code that came in plain are what the client says.
//
// An answer that says nothing of caching gets `Cache-Control: no-store`: it is the user's, which its address may not show.
type Activation struct {
	// Which cards this is for. It is a filter on what clients say: WeChat does not tell which card's a ticket is. Default: all cards of
	// the account.
	Cards []cards.List `json:"cards,omitempty"`

	// Whether the card is activated at WeChat when the backend's answer has a `membership_number`, before the answer goes
	// back. That holds for answers with a 2xx status whose body is a JSON object of at most 64 KiB; it may also hold
	// `init_bonus`, `init_bonus_record`, `init_balance`, `init_custom_field_value1`, `init_custom_field_value2`,
	// `init_custom_field_value3`, `background_pic_url`, `activate_begin_time` and `activate_end_time`. If WeChat does not
	// activate the card, the client gets the problem instead, and may come again. An activate_ticket activates one card: if it comes
	// with another card_id or code than before, the request is refused with status 422. Default: false, the backend does it.
	Activate bool `json:"activate,omitempty"`

	// Which generation the cards are of: 1, or 2, member cards that have been upgraded (会员卡升级) or made in 微信支付. What comes
	// back for those of generation 2 only a key of the merchant's at 微信支付 opens: it is checked for its form and passed on as it
	// came, with no call of WeChat's and no `user_info`; `activate` is an error. Never tried on a real account. Default: 1.
	Generation int `json:"generation,omitempty"`

	cards  cards.Set
	logger *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (Activation) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".activation", New: func() caddy.Module { return new(Activation) }}
}

// Provision gets the logger, and compiles the configuration.
func (a *Activation) Provision(ctx caddy.Context) error {
	a.logger = ctx.Logger()
	switch {
	case a.Generation < 0 || a.Generation > 2:
		return fmt.Errorf("generation is 1 or 2, not %d", a.Generation)
	case a.Generation == 2 && a.Activate:
		return errors.New("activate: cards of generation 2 are activated with the merchant's key at 微信支付, which the gateway does not have")
	}
	if len(a.Cards) == 0 {
		_, err := a.cards.Claim([]string{cards.Any})
		return err
	}
	return a.cards.AddLists(a.Cards)
}

// Needs implements Action.
func (a *Activation) Needs() []credential.Kind {
	if a.Generation == 2 {
		return nil
	}
	return []credential.Kind{credential.AccessToken}
}

// Methods implements Answering.
func (a *Activation) Methods() []string { return []string{http.MethodGet, http.MethodPost} }

// CardUses implements CardUser. Where no card is listed there is none to look at.
func (a *Activation) CardUses() []doctor.CardUse {
	if len(a.Cards) == 0 {
		return nil
	}
	return a.cards.Uses(cards.OnlyNamed)
}

// ServeAction implements Action. It changes r itself, not a copy, as inject does and for the same reason.
func (a *Activation) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	var q activationRequest
	if err := q.read(r); err != nil {
		return err
	}
	rule, err := a.cards.Find(q.cardID)
	if err != nil {
		return err
	}
	if a.Generation == 2 {
		defer passOn(r, q.asItCame())()
		return nostore.Serve(w, func(w http.ResponseWriter) error { return next.ServeHTTP(w, r) })
	}
	ctx := clients.Context(r)
	// first, because only the ticket proves that there is anything to decrypt
	info, err := account.TempInfo(ctx, q.ticket)
	if err != nil {
		return err
	}
	if !field.IsPlainCode(q.code) {
		if q.code, err = account.DecryptTicketCode(ctx, q.code); err != nil {
			return err
		}
	}
	if a.Activate && !account.OwnTicket(q.ticket, q.cardID, q.code) {
		return errOthersTicket()
	}

	defer passOn(r, q.body(info))()
	return nostore.Serve(w, func(w http.ResponseWriter) error {
		if !a.Activate {
			return next.ServeHTTP(w, r)
		}
		r.Header["Accept-Encoding"] = []string{"identity"} // the answer is to be read
		answer := newHeldAnswer(w)
		if err := next.ServeHTTP(answer, r); err != nil {
			if answer.Holding() {
				answer.forget()
			}
			return err
		}
		err := a.finish(ctx, account, &q, answer)
		if err != nil && rule.Listed {
			return &cards.ListedError{CardID: q.cardID, Err: err}
		}
		return err
	})
}

// codeForeignTicket is WeChat's errcode for an activate_ticket of another account.
const codeForeignTicket = 72011

// errOthersTicket is WeChat's own refusal of a ticket that is another's. WeChat knows of accounts only, not of cards.
func errOthersTicket() *problem.Problem {
	p := problem.Newf(http.StatusUnprocessableEntity, problem.ReasonWechatRejected, "the activate_ticket came with another card_id or code before")
	p.ErrCode, p.ErrMsg = codeForeignTicket, "invalid activate_ticket"
	return p
}

// activationDropped are fields that no longer fit the request.
var activationDropped = []string{
	"Content-Encoding", "Expect", "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
}

// passOn makes r the request that the backend gets; undo makes its method what it was.
func passOn(r *http.Request, body []byte) (undo func()) {
	bodies.Set(r, body)
	r.Header["Content-Type"] = []string{"application/json"}
	for _, name := range activationDropped {
		delete(r.Header, name)
	}
	method := r.Method
	r.Method = http.MethodPost
	return func() { r.Method = method }
}

// finish activates the card if the backend says so, and lets its answer go.
func (a *Activation) finish(ctx context.Context, account *plugin.Account, q *activationRequest, answer *heldAnswer) error {
	if answer.encoded {
		a.logger.Warn("a backend compresses its answers to activations, though asked not to: its cards are not activated",
			zap.String("card_id", q.cardID))
	}
	if !answer.Holding() {
		return nil
	}
	m, ok, err := activationOf(answer.Body)
	if ok && err == nil {
		m.CardID, m.Code = q.cardID, q.code
		err = account.ActivateMember(ctx, m)
	}
	if err != nil {
		answer.forget()
		return err
	}
	answer.Send(answer.Body)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	activation {
//		card <card_id...>|*
//		activate
//		generation 1|2
//	}
func (a *Activation) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	return words.Unmarshal(d, words.Subdirectives{
		"card":       func() error { return cards.UnmarshalList(d, &seen, &a.Cards) },
		"activate":   func() error { return words.Flag(d, &a.Activate) },
		"generation": func() error { return cards.UnmarshalGeneration(d, &a.Generation) },
	})
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Activation)(nil)
	_ action.Answering      = (*Activation)(nil)
	_ action.CardUser       = (*Activation)(nil)
	_ caddyfile.Unmarshaler = (*Activation)(nil)
)
