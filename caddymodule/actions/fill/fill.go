// Package fill is the action fill: it signs what a backend hands out, in the backend's own answer.
package fill

import (
	"errors"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/fill"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Fill is an action that signs what the backend hands out: the backend decides who may have which card, this signs.
// It passes every request on, and fills 2xx answers whose type is JSON (`application/json`, `text/json` or `…+json`, in UTF-8):
//
//   - In every object with a string `cardId` and an object as `cardExt`, that object becomes the signed string that
//     `wx.addCard` takes; `[]`, as PHP writes an empty array, is an empty object. It may hold `code`, `openid`, `outer_str` and
//     `fixed_begintimestamp` (digits, as a string or a number), or nothing. An object that has a signature already is not
//     touched; one with other members is an error.
//   - Every object `extraData` that holds a string `card_id`, maybe an `outer_str` and nothing else, becomes the `extraData`
//     that opens WeChat's member-card component (会员卡开卡组件), and `appId` is put behind it where there is none beside it.
//
// The rest of such an answer stays as it is, byte for byte. The answer loses what was true of the old one only (ETag,
// Last-Modified, digests and the like) and is `no-store`. If a card cannot be signed, the client gets a problem document in
// the place of the whole answer; cookies and CORS headers of the backend stay.
//
// An answer that is compressed (gzip, br, zstd, deflate) is unpacked for that, and sent plain if it was filled; `encode` in front of
// this compresses it again. Of the request, Accept-Encoding loses encodings that cannot be unpacked, and nothing else changes.
//
// Answers of other types, larger ones, streams, 206 and what is packed otherwise pass untouched, as they come in. So does JSON
// that is broken or has nothing to fill, once it is all there. The log says why: at DEBUG of each, as a warning once for each
// reason to wonder at. JSON without a Content-Length goes on as soon as a second value begins behind a first one that is complete,
// and does not wait at all while the client is still sending.
type Fill struct {
	// Which cards the backend may hand out here.
	Cards []cards.List `json:"cards,omitempty"`

	// How many bytes an answer may have to be looked into, packed and unpacked. Default: 1048576 (1 MiB).
	MaxBody int64 `json:"max_body,omitempty"`

	cards  cards.Set
	told   *told
	logger *zap.Logger
	audit  *observe.Audit
}

// defaultFillMaxBody is the default of Fill.MaxBody.
const defaultFillMaxBody = 1 << 20

// CaddyModule returns the Caddy module information.
func (Fill) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".fill", New: func() caddy.Module { return new(Fill) }}
}

// Provision compiles the configuration.
func (f *Fill) Provision(ctx caddy.Context) error {
	f.logger, f.told = ctx.Logger(), new(told)
	f.audit = observe.NewAudit(ctx, "fill")
	if err := f.cards.AddLists(f.Cards); err != nil {
		return err
	}
	if f.MaxBody < 0 {
		return errors.New("max_body must be greater than zero")
	}
	if f.MaxBody == 0 {
		f.MaxBody = defaultFillMaxBody
	}
	return f.cards.CheckNotEmpty()
}

// Needs implements Action.
func (f *Fill) Needs() []credential.Kind {
	return []credential.Kind{credential.AccessToken, credential.APITicket}
}

// CardUses implements CardUser. What a backend asks fill for cannot be seen from here.
func (f *Fill) CardUses() []doctor.CardUse {
	return f.cards.Uses(func(*cards.Rule) doctor.CardUse {
		return doctor.CardUse{Adds: true, Code: doctor.Maybe, OpenID: doctor.Maybe, FixedBegin: doctor.Maybe, Decides: true}
	})
}

// ServeAction implements Action.
func (f *Fill) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	fw := new(fillWriter)
	fw.begin(w, r, f)
	// A backend that dies in mid-answer makes the proxy panic. What is held then is never written, and the client sees the
	// connection end, as without this action.
	defer fw.end()
	accepted := acceptReadable(r.Header)
	defer giveBack(r.Header, accepted)
	err := next.ServeHTTP(fw, r)
	if err != nil && fw.sent.used.Load() {
		err = bodies.UsedBefore(err)
	}
	if !fw.Holding() {
		return err
	}
	if err == nil {
		err = f.answer(fw, r, account)
	}
	if err != nil { // another answer takes the place of what is held back
		fw.DropTrailers()
		dropEntity(w.Header())
	}
	return err
}

// answer deals with an answer that is held back and all there.
func (f *Fill) answer(fw *fillWriter, r *http.Request, account *plugin.Account) error {
	if why := fw.find(); why != "" {
		f.passes(fw.path, why)
		fw.pass()
		return nil
	}
	if err := f.fill(r, account, fw.fillBuffer); err != nil {
		return err
	}
	for i, part := range fw.parts {
		if part.Kind == fill.CardExt && fw.exts[i].OpenID != "" {
			f.audit.Write(r, "card signed for one user", account.Name(), fw.exts[i].CardID, observe.ReasonOK)
		}
	}
	fw.sendFilled()
	return nil
}

// passes notes that an answer passes as it is. A site has many of them: those to be wondered at are warned of once for each
// reason, since the configuration was loaded.
func (f *Fill) passes(path string, why reason) {
	level, msg := zapcore.DebugLevel, "an answer passes unfilled"
	if why.suspect() && f.told.first(why) {
		level, msg = zapcore.WarnLevel, "an answer passes unfilled; others for the same reason are logged at DEBUG"
	}
	if c := f.logger.Check(level, msg); c != nil {
		c.Write(zap.String("path", path), zap.String("why", string(why)))
	}
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	fill [<card_id...>|*] {
//		card     <card_id...>|*
//		max_body <size>
//	}
func (f *Fill) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	var seen cards.Set
	err := words.Unmarshal(d, words.Subdirectives{
		words.Arguments: func() error { return cards.UnmarshalIDList(d, &seen, &f.Cards) },
		"card":          func() error { return cards.UnmarshalList(d, &seen, &f.Cards) },
		"max_body":      func() error { return words.Size(d, &f.MaxBody) },
	})
	if err != nil {
		return err
	}
	return words.Located(d, seen.CheckNotEmpty())
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Fill)(nil)
	_ action.CardUser       = (*Fill)(nil)
	_ caddyfile.Unmarshaler = (*Fill)(nil)
	_ action.Action         = (*Fill)(nil)
)
