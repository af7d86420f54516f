package handler

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ParseDirective sets up a handler from the directive. Syntax:
//
//	wechat_card [<matcher>] <action> [<args>] {
//		account <name>
//		errors  caddy
//		...
//	}
//
// Everything but account and errors is the action's.
func ParseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	words.RememberPlaces(h.Dispenser)
	if err := checkPlaceholders(h); err != nil {
		return nil, err
	}
	h.Next() // consume directive name
	if !h.NextArg() {
		return nil, noAction(h.Dispenser)
	}
	name := h.Val()
	if err := checkAction(h); err != nil {
		return nil, err
	}
	segment := h.NewFromNextSegment() // from the action's name on

	handler := new(Handler)
	if err := handler.takeCommon(segment); err != nil {
		return nil, err
	}
	segment.Reset()
	segment.Next()
	action, err := words.Guest(segment, action.Namespace, name, "action")
	if err != nil {
		return nil, err
	}
	handler.ActionRaw = caddyconfig.JSONModuleObject(action, "name", name, nil)
	h.Reset()
	h.Next()
	words.RememberPlace(handler.key(), h.Dispenser)
	return handler, nil
}

// takeCommon reads the subdirectives that all actions have, and deletes their tokens.
func (h *Handler) takeCommon(d *caddyfile.Dispenser) error {
	d.Next() // consume action name
	d.RemainingArgs()
	for d.NextBlock(0) {
		if d.Nesting() != 1 {
			continue // an inner block of the action's
		}
		var err error
		switch d.Val() {
		case "account":
			err = words.OneValue(d, &h.Account)
		case "errors":
			err = words.OneOf(d, &h.Errors, errorsCaddy)
		default:
			d.RemainingArgs() // no argument is a subdirective, whatever it says
			continue
		}
		if err != nil {
			return err
		}
		d.DeleteN(2)
	}
	return nil
}
