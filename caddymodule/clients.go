package caddymodule

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// clientFilter says which clients an action serves that lends out the account's credentials.
type clientFilter []netip.Prefix

// loopback is what clients defaults to.
var loopback = clientFilter{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// privateRanges is the word for all private ranges, as in Caddy's own matchers.
const privateRanges = "private_ranges"

// newClientFilter reads the values of a `clients` option: networks, addresses, or private_ranges. Global placeholders
// such as {env.CLIENTS} are replaced.
func newClientFilter(clients []string) (clientFilter, error) {
	if len(clients) == 0 {
		return loopback, nil
	}
	var filter clientFilter
	for _, client := range clients {
		client, err := expand(client)
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

// unmarshalClients reads a `clients` subdirective, which may stand once.
func unmarshalClients(d *caddyfile.Dispenser, clients *[]string) error {
	if *clients != nil {
		return alreadySpecified(d, d.Val())
	}
	if *clients = d.RemainingArgs(); len(*clients) == 0 {
		return d.ArgErr()
	}
	if _, err := newClientFilter(*clients); err != nil && !isDynamic(strings.Join(*clients, "")) {
		return d.WrapErr(err)
	}
	return nil
}

// check refuses a request that does not come straight from one of the clients.
func (f clientFilter) check(r *http.Request) error {
	// A page in a colleague's browser can reach whatever the colleague's machine can.
	for _, field := range [...]string{"Origin", "Sec-Fetch-Site"} {
		if r.Header[field] != nil {
			return clientNotAllowed("a browser is no backend: the request has the header %s", field)
		}
	}
	// Behind a load balancer that Caddy was not told to trust, every stranger has the balancer's private address.
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); !trusted {
		for _, field := range [...]string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
			if r.Header[field] != nil {
				return clientNotAllowed("the request was forwarded (%s) by a peer that trusted_proxies does not name", field)
			}
		}
	}
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return clientNotAllowed("the client has no IP address")
	}
	addr = addr.Unmap().WithZone("")
	for _, prefix := range f {
		if prefix.Contains(addr) {
			return nil
		}
	}
	return clientNotAllowed("%s is not among the clients", addr)
}

// clientNotAllowed is the 403 for a stranger.
func clientNotAllowed(format string, args ...any) *Problem {
	return problemf(http.StatusForbidden, reasonClientNotAllowed, format, args...)
}
