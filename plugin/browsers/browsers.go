// Package browsers tells what pages in browsers ask from what programs ask: by what only browsers send, and by the Hosts that no
// web site can have.
package browsers

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Speaks says whether a header is a browser's, by its User-Agent and Accept-Language. On plain HTTP these are all that gives an
// <img> away, which has neither Origin nor Sec-Fetch-Site there. The `*` that fetch of Node.js sends is nobody's language.
func Speaks(h http.Header) bool {
	return slices.ContainsFunc(h["User-Agent"], isMozilla) && slices.ContainsFunc(h["Accept-Language"], isLanguage)
}

func isMozilla(agent string) bool {
	const prefix = "Mozilla/"
	agent = strings.TrimSpace(agent)
	return len(agent) >= len(prefix) && strings.EqualFold(agent[:len(prefix)], prefix)
}

func isLanguage(value string) bool { return strings.TrimSpace(value) != "*" }

// HostName is the name in a Host header: without the port, the brackets of IPv6 and the dot at its end, in small letters.
func HostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// IsNobodys says whether a HostName is one that no web site can have, so that no page can have got here by a name of its own
// which it leads to this machine: an IP address, localhost, or a name below it.
func IsNobodys(name string) bool {
	if IsLocalhost(name) {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// IsLocalhost says whether a HostName is localhost, or below it.
func IsLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
