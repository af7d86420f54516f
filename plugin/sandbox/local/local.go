// Package local is what the paths of the sandbox's own have in common: they are for this machine, and of what browsers load for
// the sandbox's page only.
package local

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/browsers"
)

// IsLoopback says whether a connection comes from this machine.
func IsLoopback(remoteAddr string) bool {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// IsForeign says whether a browser sends a request for somebody else than the page: no web site that a developer visits may
// use the controls, neither from its own origin nor under a name of its own that leads to this machine. Programs that are
// no browsers say neither where they come from nor what for, and are let through.
func IsForeign(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	switch {
	case origin == "" && site == "":
		return false
	case site != "" && site != "same-origin" && (site != "none" || r.Method != http.MethodGet): // none: the user typed the address
		return true
	case origin != "":
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return true
		}
	}
	return !IsName(r.Host)
}

// IsUntold says whether a browser may have sent a request that does not tell for whom, as it does with a GET on plain HTTP: for
// an <img>, or for a page under a name of its own that leads to this machine.
func IsUntold(r *http.Request) bool {
	return r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" &&
		(browsers.Speaks(r.Header) || !browsers.IsNobodys(browsers.HostName(r.Host)))
}

// IsPage says whether it is surely the page that asks.
func IsPage(r *http.Request) bool {
	return (r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "same-origin") && !IsForeign(r)
}

// IsName says whether a Host can only mean this machine.
func IsName(host string) bool {
	name := browsers.HostName(host)
	ip, err := netip.ParseAddr(name)
	return browsers.IsLocalhost(name) || err == nil && ip.IsLoopback()
}
