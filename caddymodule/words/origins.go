package words

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Origins reads a subdirective `<name> <origin...>`, which may be repeated: it adds them to what there is.
func Origins(d *caddyfile.Dispenser, to *[]string) error {
	origins := d.RemainingArgs()
	if len(origins) == 0 {
		return d.ArgErr()
	}
	for _, origin := range origins {
		// placeholders can only be judged when their values are there
		if _, err := field.ParseOrigin(origin); err != nil && !IsDynamic(origin) {
			return d.WrapErr(err)
		}
	}
	*to = append(*to, origins...)
	return nil
}
