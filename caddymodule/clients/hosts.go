package clients

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/browsers"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Hosts are the names by which an action may be called that asks nobody for a key. A page can have a name of its own lead to
// this machine after it was loaded; then the page's browser thinks that the answers are the page's.
type Hosts []string

// NewHosts reads the values of a `host` option. Global placeholders such as {env.GATEWAY_HOST} are replaced.
func NewHosts(raw []string) (Hosts, error) {
	var hosts Hosts
	for _, host := range raw {
		host, err := words.Expand(host)
		if err != nil {
			return nil, fmt.Errorf("host: %w", err)
		}
		name := browsers.HostName(host)
		if name == "" || !field.All(host, func(c byte) bool { return field.IsWord(c) || c == '.' }) {
			return nil, fmt.Errorf("host: '%s' is no name of a host, like api.weixin.qq.com, without port and wildcards", host)
		}
		hosts = append(hosts, name)
	}
	return hosts, nil
}

// UnmarshalHosts reads a `host` subdirective, which may be repeated.
func UnmarshalHosts(d *caddyfile.Dispenser, hosts *[]string) error {
	more := d.RemainingArgs()
	if len(more) == 0 {
		return d.ArgErr()
	}
	*hosts = append(*hosts, more...)
	for _, host := range more {
		if words.IsDynamic(host) {
			continue
		}
		if _, err := NewHosts([]string{host}); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

// Check refuses a request whose Host is neither an address, nor a name of this machine's own, nor listed.
func (hosts Hosts) Check(r *http.Request) error {
	if name := browsers.HostName(r.Host); browsers.IsNobodys(name) || slices.Contains(hosts, name) {
		return nil
	}
	return NotAllowed("the Host %s is no address, not localhost, and none of host", field.Quote(r.Host))
}
