// Package clients decides who may call an action that lends out the credentials of an account.
package clients

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/browsers"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Filter says which clients an action serves that lends out the account's credentials.
type Filter []netip.Prefix

// loopback is what clients defaults to.
var loopback = Filter{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// The words that are no networks: all private ranges, as in Caddy's own matchers, and peers on Unix sockets.
const (
	privateRanges = "private_ranges"
	unixSockets   = "unix"
)

// unixPeers stands in a Filter for peers on Unix sockets. No address lies in it.
var unixPeers netip.Prefix

// NewFilter reads the values of a `clients` option: networks, addresses, private_ranges, or unix. Global placeholders
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
		switch client {
		case privateRanges:
			ranges = caddyhttp.PrivateRangesCIDR()
		case unixSockets:
			filter = append(filter, unixPeers)
			continue
		}
		for _, text := range ranges {
			prefix, err := caddyhttp.CIDRExpressionToPrefix(text)
			if err != nil {
				return nil, fmt.Errorf("clients: '%s' is neither a network nor an address nor %s nor %s", text, privateRanges, unixSockets)
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

// OnlyLoopback says whether nobody but programs of this machine can be among the clients, by their addresses.
func (f Filter) OnlyLoopback() bool {
	return !slices.ContainsFunc(f, func(client netip.Prefix) bool {
		return !slices.ContainsFunc(loopback, func(l netip.Prefix) bool {
			return client.IsValid() && l.Contains(client.Addr()) && client.Bits() >= l.Bits()
		})
	})
}

// forwarding are the headers by which proxies tell that they pass on what somebody else has asked.
var forwarding = [...]string{
	"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via", "X-Forwarded-Host", "X-Forwarded-Proto", "Cf-Connecting-Ip", "True-Client-Ip",
	"X-Client-Ip", "Client-Ip", "X-Cluster-Client-Ip", "Fastly-Client-Ip", "X-Envoy-External-Address",
}

// Check refuses a request that does not come straight from one of the clients.
func (f Filter) Check(r *http.Request) error {
	// A page in a colleague's browser can reach whatever the colleague's machine can.
	for _, field := range [...]string{"Origin", "Sec-Fetch-Site"} {
		if r.Header[field] != nil {
			return NotAllowed("a browser is no backend: the request has the header %s", field)
		}
	}
	if browsers.Speaks(r.Header) {
		return NotAllowed("a browser is no backend: the request has its User-Agent and Accept-Language")
	}
	// Behind a load balancer that Caddy was not told to trust, every stranger has the balancer's private address.
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	i := slices.IndexFunc(forwarding[:], func(field string) bool { return r.Header[field] != nil })
	if i >= 0 && !trusted {
		return NotAllowed("the request was forwarded (%s) by a peer that trusted_proxies does not name", forwarding[i])
	}
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(client)
	if isOnUnixSocket(r) && (err != nil || !trusted) {
		switch {
		case i >= 0: // and whom it was forwarded for cannot be read
		case slices.Contains(f, unixPeers):
			return nil
		default:
			return NotAllowed("the client is a peer on a Unix socket, and clients does not say unix")
		}
	}
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

// isOnUnixSocket asks the listener: what a peer has for an address of its own may look like any other.
func isOnUnixSocket(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return local != nil && strings.HasPrefix(local.Network(), "unix")
}

// NotAllowed is the 403 for a stranger.
func NotAllowed(format string, args ...any) *problem.Problem {
	return problem.Newf(http.StatusForbidden, problem.ReasonClientNotAllowed, format, args...)
}

// NoKey is the 403 for an account that is data and has no key for its callers.
func NoKey() *problem.Problem {
	return NotAllowed("the account's data have no key, without which nobody may use its credentials")
}
