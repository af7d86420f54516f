package control

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// setMood is World.SetMood.
func setMood(w *world.World, body []byte) error {
	var m oauth.Mood
	if err := local.Decode(body, &m); err != nil {
		return err
	}
	return w.SetMood(m)
}
