package app

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
)

// Component is a third-party platform (第三方平台) of the configuration.
type Component struct{ *thirdparty.Component }

// Component gives the component of a name; nil: none is configured by it.
func (a *App) Component(string) *Component { return nil }

// Find gives an account by its name.
func (a *App) Find(context.Context, string, string) (*plugin.Account, directory.Entry, error) {
	return nil, directory.Entry{}, directory.ErrUnknown
}
