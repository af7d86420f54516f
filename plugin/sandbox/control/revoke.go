package control

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// revoke is World.Revoke.
func revoke(w *world.World, body []byte) error {
	var rev accounts.Revocation
	if err := local.Decode(body, &rev); err != nil {
		return err
	}
	return w.Revoke(rev)
}
