package plugin

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Component is a third-party platform (第三方平台) that calls for the accounts which authorised it.
type Component struct {
	AppID string

	// Call makes a call with the component_access_token, and once more where WeChat refuses the first.
	Call func(ctx context.Context, call func(token string) error) error
}

// as makes a call in the component's name.
func (c *Component) as(ctx context.Context, call func(wechat.Component) error) error {
	return c.Call(ctx, func(token string) error { return call(wechat.Component{AppID: c.AppID, Token: token}) })
}

// componentID is the app id of the component that calls for the account, "" where none does.
func (c AccountConfig) componentID() string {
	if c.Component == nil {
		return ""
	}
	return c.Component.AppID
}

// webLogin asks by the component whose a code of a web page is; nil: there is none.
func (c AccountConfig) webLogin() func(context.Context, string) (wechat.WebUser, error) {
	if c.Component == nil {
		return nil
	}
	return func(ctx context.Context, code string) (user wechat.WebUser, err error) {
		err = c.Component.as(ctx, func(of wechat.Component) (err error) {
			user, err = c.Client.ComponentWebLogin(ctx, of, c.AppID, code)
			return err
		})
		return user, err
	}
}

// componentLogin asks by the component whose a js_code is.
func (c AccountConfig) componentLogin(ctx context.Context, miniProgram, jsCode string) (user wechat.MiniUser, err error) {
	err = c.Component.as(ctx, func(of wechat.Component) (err error) {
		user, err = c.Client.ComponentLogin(ctx, of, miniProgram, jsCode)
		return err
	})
	return user, err
}
