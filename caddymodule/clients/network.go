package clients

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Network gives the network of a request's client, as Caddy knows it, that is held to its share of what strangers may cause; empty for
// those that are not.
func Network(r *http.Request) string {
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return ""
	}
	network, ok := limit.Network(addr)
	if !ok {
		return ""
	}
	return network.String()
}

// Context gives a context for the calls that a request makes us ask of WeChat: the network of its client, as Caddy knows it, is
// held to its share of the account's limits.
func Context(r *http.Request) context.Context {
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(client)
	if err != nil { // a peer on a Unix socket
		return r.Context()
	}
	return limit.WithClient(r.Context(), addr)
}
