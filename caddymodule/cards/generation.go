package cards

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalGeneration reads the subdirective generation up to its block: 1, the member cards of the official account's own console
// and calls, or 2, the upgraded ones of 微信支付.
func UnmarshalGeneration(d *caddyfile.Dispenser, target *int) error {
	if *target != 0 {
		return words.AlreadySpecified(d, d.Val())
	}
	var text string
	if err := words.OneOf(d, &text, "1", "2"); err != nil {
		return err
	}
	*target = int(text[0] - '0')
	return nil
}
