package handler

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// What people write into a site that does not belong there, or not like this: each with the way out.

const globalOption = "this is the global option wechat_card, and stands in a site: put it into the block at the very top of the Caddyfile, " +
	"{ wechat_card … }, in front of all sites; in a site an action follows, as in: wechat_card /wechat/* cards <card_id...>"

// noAction is the error for a directive without an argument.
func noAction(d *caddyfile.Dispenser) error {
	global := d.Err(globalOption)
	missing := d.Errf("an action is missing, wechat_card [<matcher>] <action>: there are %s", strings.Join(actions(), ", "))
	if !d.NextBlock(0) {
		return missing
	}
	if slices.Contains([]string{"api", "timeout", "proxy", "ca", "store"}, d.Val()) {
		return global
	}
	if d.Val() == "account" && (d.CountRemainingArgs() == 0 || opensBlock(d)) {
		return global
	}
	return missing
}

// opensBlock tells whether the line at the cursor has a block.
func opensBlock(d *caddyfile.Dispenser) bool {
	d.RemainingArgs()
	return d.NextBlock(d.Nesting())
}

// checkAction refuses what is no action, where it can be seen what was meant.
func checkAction(d *caddyfile.Dispenser) error {
	name := d.Val()
	if isAction(name) {
		return nil
	}
	if field.IsAppID(name) || strings.HasPrefix(name, "{env.") || strings.HasPrefix(name, "gh_") {
		return d.Err(globalOption)
	}
	err := d.Errf("'%s' is no matcher: one of a path begins with /, as in wechat_card /%s", name, strings.TrimPrefix(name, "./"))
	if d.CountRemainingArgs() == 0 {
		return nil
	}
	d.NextArg()
	next := d.Val()
	d.Prev()
	if isAction(next) {
		return err
	}
	return nil
}

func isAction(name string) bool {
	_, err := caddy.GetModule(action.Namespace + "." + name)
	return err == nil
}

// actions are the names of all that are built in, sorted.
func actions() (names []string) {
	for _, mod := range caddy.GetModules(action.Namespace) {
		names = append(names, mod.ID.Name())
	}
	return names
}

// checkPlaceholders refuses placeholders of ours that nothing sets: in the directive and, once for a configuration, in all of the
// Caddyfile that it stands in.
func checkPlaceholders(h httpcaddyfile.Helper) error {
	if err := words.CheckPlaceholders(h.Dispenser); err != nil {
		return err
	}
	const seen = "wechat_card placeholders"
	if h.State == nil || h.State[seen] != nil {
		return nil
	}
	h.State[seen] = true
	return words.CheckFilePlaceholders(h.Dispenser)
}
