package app

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// unmarshalComponent reads a subdirective component. Syntax:
//
//	component <name> {
//		app_id       <app_id>
//		app_secret   <secret>
//		message_push <token> <encoding_aes_key> [<previous_encoding_aes_key>]
//		seal_key     <key> [<previous_key>]
//	}
func (a *App) unmarshalComponent(d *caddyfile.Dispenser) error {
	var name string
	if !d.AllArgs(&name) {
		return d.ArgErr()
	}
	if _, ok := a.Components[name]; ok {
		return d.Errf("component '%s' already specified", name)
	}
	words.RememberPlace("component "+name, d)
	c := new(ComponentSettings)
	err := words.Block(d, 1, words.Subdirectives{
		"app_id": func() error {
			if err := words.OneValue(d, &c.AppID); err != nil {
				return err
			}
			return words.Located(d, checkAppID(c.AppID))
		},
		"app_secret":   func() error { return words.OneValue(d, &c.AppSecret) },
		"message_push": func() error { return c.unmarshalPush(d) },
		"seal_key":     func() error { return unmarshalSealKey(d, &c.SealKey) },
	})
	switch {
	case err != nil:
		return err
	case c.AppID == "":
		return d.Errf("component '%s': app_id is missing", name)
	case c.AppSecret == "":
		return d.Errf("component '%s': app_secret is missing", name)
	}
	if a.Components == nil {
		a.Components = make(map[string]*ComponentSettings)
	}
	a.Components[name] = c
	return nil
}

// unmarshalPush reads `message_push <token> <encoding_aes_key> [<previous_encoding_aes_key>]`. It quotes nothing: each is a secret.
func (c *ComponentSettings) unmarshalPush(d *caddyfile.Dispenser) error {
	if c.MessagePush != nil {
		return words.AlreadySpecified(d, d.Val())
	}
	args := d.RemainingArgs()
	if len(args) < 2 || len(args) > 3 || slices.Contains(args, "") {
		return d.Err("message_push of a component wants its token and its encoding_aes_key, and may have the key before: messages of a platform are always encrypted")
	}
	for _, key := range args[1:] {
		if words.IsDynamic(key) {
			continue
		}
		if _, err := push.NewCipher(key); err != nil {
			return d.Errf("message_push: %v", err)
		}
	}
	c.MessagePush = &ComponentPush{Token: args[0], EncodingAESKey: args[1]}
	if len(args) == 3 {
		c.MessagePush.PreviousEncodingAESKey = args[2]
	}
	return nil
}

// unmarshalSealKey reads `seal_key <key> [<previous_key>]`.
func unmarshalSealKey(d *caddyfile.Dispenser, keys *[]string) error {
	if *keys != nil {
		return words.AlreadySpecified(d, d.Val())
	}
	*keys = d.RemainingArgs()
	if len(*keys) == 0 || len(*keys) > maxSealKeys || slices.Contains(*keys, "") {
		return d.Err("seal_key wants a key, and may have the key before")
	}
	return words.Located(d, checkSealKeys(*keys))
}
