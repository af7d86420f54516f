// Package clients decides who may call an action that lends out the credentials of an account.
package clients

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Filter says which clients an action serves that lends out the account's credentials.
type Filter []netip.Prefix

// loopback is what clients defaults to.
var loopback = Filter{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// privateRanges is the word for all private ranges, as in Caddy's own matchers.
const privateRanges = "private_ranges"

// NewFilter reads the values of a `clients` option: networks, addresses, or private_ranges. Global placeholders
// such as {env.CLIENTS} are replaced.
func NewFilter(clients []string) (Filter, error) {
	if len(clients) == 0 {
		return loopback, nil
	}
	var filter Filter
	for _, client := range clients {
		client, err := words.Expand(client)
		if err != nil {
			return nil, fmt.Errorf("clients: %w", err)
		}
		ranges := []string{client}
		if client == privateRanges {
			ranges = caddyhttp.PrivateRangesCIDR()
		}
		for _, text := range ranges {
			prefix, err := caddyhttp.CIDRExpressionToPrefix(text)
			if err != nil {
				return nil, fmt.Errorf("clients: '%s' is neither a network nor an address nor %s", text, privateRanges)
			}
			filter = append(filter, prefix)
		}
	}
	return filter, nil
}

// Unmarshal reads a `clients` subdirective, which may stand once.
func Unmarshal(d *caddyfile.Dispenser, clients *[]string) error {
	if *clients != nil {
		return words.AlreadySpecified(d, d.Val())
	}
	if *clients = d.RemainingArgs(); len(*clients) == 0 {
		return d.ArgErr()
	}
	if _, err := NewFilter(*clients); err != nil && !words.IsDynamic(strings.Join(*clients, "")) {
		return d.WrapErr(err)
	}
	return nil
}

// Check refuses a request that does not come straight from one of the clients.
func (f Filter) Check(r *http.Request) error {
	// A page in a colleague's browser can reach whatever the colleague's machine can.
	for _, field := range [...]string{"Origin", "Sec-Fetch-Site"} {
		if r.Header[field] != nil {
			return NotAllowed("a browser is no backend: the request has the header %s", field)
		}
	}
	// Behind a load balancer that Caddy was not told to trust, every stranger has the balancer's private address.
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); !trusted {
		for _, field := range [...]string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
			if r.Header[field] != nil {
				return NotAllowed("the request was forwarded (%s) by a peer that trusted_proxies does not name", field)
			}
		}
	}
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return NotAllowed("the client has no IP address")
	}
	addr = addr.Unmap().WithZone("")
	for _, prefix := range f {
		if prefix.Contains(addr) {
			return nil
		}
	}
	return NotAllowed("%s is not among the clients", addr)
}

// NotAllowed is the 403 for a stranger.
func NotAllowed(format string, args ...any) *problem.Problem {
	return problem.Newf(http.StatusForbidden, problem.ReasonClientNotAllowed, format, args...)
}
