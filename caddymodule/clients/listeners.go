package clients

import (
	"context"
	"net/netip"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// OpenListeners lists, while a handler is provisioned, the addresses that its server listens on and that others than this
// machine can reach, by the configuration's own word for them: neither loopback nor Unix sockets.
func OpenListeners(ctx context.Context) []string {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return nil
	}
	var open []string
	for _, listen := range server.Listen {
		address, err := caddy.ParseNetworkAddress(listen)
		if err == nil && (address.IsUnixNetwork() || isLoopbackHost(address.Host)) {
			continue
		}
		open = append(open, listen)
	}
	return open
}

func isLoopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
