// Package caddymodule makes the WeChat card gateway a part of Caddy: whatever the plugin registers stands in this file, with
// its name.
//
// The packages below it are everything that knows Caddy: JSON and Caddyfile on one side, calls of package plugin on the other.
// A request's way through them is handler.Handler, then an action (a package each, below actions), then a method of
// plugin.Account.
package caddymodule

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/activation"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/addcard"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/choosecard"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/credentials"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/fill"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/inject"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/jsconfig"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/login"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/membercardcomponent"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/messagepush"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/opencard"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/platformauthorize"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/relay"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/handler"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/logencoder"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// Everything that the plugin registers, and under which name.
func init() {
	caddy.RegisterModule(app.App{}) // wechat_card

	caddy.RegisterModule(stores.Caddy{}) // wechat_card.stores.caddy
	caddy.RegisterModule(stores.Off{})   // wechat_card.stores.off
	registerRedis()                      // wechat_card.stores.redis, unless the build leaves Redis out

	caddy.RegisterModule(logencoder.Encoder{}) // caddy.logging.encoders.wechat_card

	caddy.RegisterModule(handler.Handler{}) // http.handlers.wechat_card

	caddy.RegisterModule(cards.Cards{})                             // http.handlers.wechat_card.actions.cards
	caddy.RegisterModule(addcard.AddCard{})                         // http.handlers.wechat_card.actions.add_card
	caddy.RegisterModule(opencard.OpenCard{})                       // http.handlers.wechat_card.actions.open_card
	caddy.RegisterModule(membercardcomponent.MemberCardComponent{}) // http.handlers.wechat_card.actions.member_card_component
	caddy.RegisterModule(inject.Inject{})                           // http.handlers.wechat_card.actions.inject
	caddy.RegisterModule(fill.Fill{})                               // http.handlers.wechat_card.actions.fill
	caddy.RegisterModule(credentials.Credentials{})                 // http.handlers.wechat_card.actions.credentials
	caddy.RegisterModule(login.Login{})                             // http.handlers.wechat_card.actions.login
	caddy.RegisterModule(oauth.OAuth{})                             // http.handlers.wechat_card.actions.oauth
	caddy.RegisterModule(activation.Activation{})                   // http.handlers.wechat_card.actions.activation
	caddy.RegisterModule(relay.Relay{})                             // http.handlers.wechat_card.actions.relay
	caddy.RegisterModule(jsconfig.JSConfig{})                       // http.handlers.wechat_card.actions.js_config
	caddy.RegisterModule(choosecard.ChooseCard{})                   // http.handlers.wechat_card.actions.choose_card
	caddy.RegisterModule(messagepush.MessagePush{})                 // http.handlers.wechat_card.actions.message_push
	caddy.RegisterModule(platformauthorize.PlatformAuthorize{})     // http.handlers.wechat_card.actions.platform_authorize

	caddy.RegisterModule(sandbox.Sandbox{}) // http.handlers.wechat_sandbox

	caddy.RegisterModule(admin.API{}) // admin.api.wechat_card
	caddycmd.RegisterCommand(command.Command())

	httpcaddyfile.RegisterGlobalOption("wechat_card", app.ParseGlobalOption)
	httpcaddyfile.RegisterHandlerDirective("wechat_card", handler.ParseDirective)
	httpcaddyfile.RegisterDirectiveOrder("wechat_card", httpcaddyfile.After, "encode")
	httpcaddyfile.RegisterHandlerDirective("wechat_sandbox", sandbox.ParseDirective)
	httpcaddyfile.RegisterDirectiveOrder("wechat_sandbox", httpcaddyfile.Before, "respond")
}
