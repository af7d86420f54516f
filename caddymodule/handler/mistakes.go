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
	if slices.Contains([]string{"api", "open", "timeout", "proxy", "ca", "store", "component", "accounts", "seal_key"}, d.Val()) {
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
func checkAction(h httpcaddyfile.Helper) error {
	d, name := h.Dispenser, h.Val()
	if isAction(name) {
		return nil
	}
	if field.IsAppID(name) || strings.HasPrefix(name, "{env.") || strings.HasPrefix(name, "gh_") {
		return d.Err(globalOption)
	}
	next := ""
	if d.CountRemainingArgs() > 0 {
		d.NextArg()
		next = d.Val()
		d.Prev()
	}
	isPath := strings.ContainsAny(name, "/*")
	near := words.Closest(next, actions())
	switch {
	case strings.HasPrefix(name, "/"), strings.HasPrefix(name, "@"), name == "*":
		return d.Errf("'%s' is a second matcher, and there is one: several paths stand in a named one, as in @mine path /a /b, and wechat_card @mine <action>", name)
	case isNamedMatcher(h, name):
		return d.Errf("'%s' is no action: the matcher of this name is written with its @, as in wechat_card @%s%s", name, name, anAction(next, near))
	case isPath, isAction(next), near != "" && words.Closest(name, actions()) == "":
		return d.Errf("'%s' is no matcher: one of a path begins with /, as in wechat_card /%s%s", name, strings.TrimPrefix(name, "./"), anAction(next, near))
	}
	return nil
}

// anAction goes on with the action that follows a matcher: what is wrong with it, too.
func anAction(name, near string) string {
	switch {
	case isAction(name):
		return ""
	case name == "":
		return "; and an action is missing behind it: " + words.ThereAre("", actions())
	case near != "":
		return "; and '" + name + "' is no action: did you mean " + near + "?"
	}
	return "; and '" + name + "' is no action: " + words.ThereAre("", actions())
}

// isNamedMatcher tells whether a matcher is defined by this name, without its @.
func isNamedMatcher(h httpcaddyfile.Helper, name string) bool {
	_, ok, err := h.WithDispenser(caddyfile.NewDispenser([]caddyfile.Token{{Text: "@" + name}})).MatcherToken()
	return ok && err == nil
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
