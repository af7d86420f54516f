// Package caddymodule makes the WeChat card gateway a part of Caddy.
//
// It holds everything that knows Caddy and nothing else: JSON and Caddyfile on one side, calls of package plugin on the other.
// A request's way through it is Handler.ServeHTTP (handler.go), then one Action (one file each), then a method of plugin.Account.
package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// Everything that the plugin registers, and under which name.
func init() {
	caddy.RegisterModule(App{}) // wechat_card

	caddy.RegisterModule(CaddyStore{}) // wechat_card.stores.caddy
	caddy.RegisterModule(NoStore{})    // wechat_card.stores.off
	caddy.RegisterModule(RedisStore{}) // wechat_card.stores.redis

	caddy.RegisterModule(Handler{}) // http.handlers.wechat_card

	caddy.RegisterModule(AddCard{})             // http.handlers.wechat_card.actions.add_card
	caddy.RegisterModule(OpenCard{})            // http.handlers.wechat_card.actions.open_card
	caddy.RegisterModule(MemberCardComponent{}) // http.handlers.wechat_card.actions.member_card_component
	caddy.RegisterModule(Inject{})              // http.handlers.wechat_card.actions.inject
	caddy.RegisterModule(Fill{})                // http.handlers.wechat_card.actions.fill
	caddy.RegisterModule(Credentials{})         // http.handlers.wechat_card.actions.credentials
	caddy.RegisterModule(Login{})               // http.handlers.wechat_card.actions.login
	caddy.RegisterModule(Activation{})          // http.handlers.wechat_card.actions.activation
	caddy.RegisterModule(Relay{})               // http.handlers.wechat_card.actions.relay
	caddy.RegisterModule(JSConfig{})            // http.handlers.wechat_card.actions.js_config
	caddy.RegisterModule(ChooseCard{})          // http.handlers.wechat_card.actions.choose_card
	caddy.RegisterModule(MessagePush{})         // http.handlers.wechat_card.actions.message_push

	caddy.RegisterModule(Sandbox{}) // http.handlers.wechat_sandbox

	caddy.RegisterModule(AdminAPI{}) // admin.api.wechat_card
	caddycmd.RegisterCommand(command())

	httpcaddyfile.RegisterGlobalOption("wechat_card", parseGlobalOption)
	httpcaddyfile.RegisterHandlerDirective("wechat_card", parseDirective)
	httpcaddyfile.RegisterDirectiveOrder("wechat_card", httpcaddyfile.After, "encode")
	httpcaddyfile.RegisterHandlerDirective("wechat_sandbox", parseSandbox)
	httpcaddyfile.RegisterDirectiveOrder("wechat_sandbox", httpcaddyfile.Before, "respond")
}
