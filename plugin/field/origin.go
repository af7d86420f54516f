package field

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ParseOrigin gives an origin the form that it has in a browser's location.origin.
func ParseOrigin(raw string) (string, error) {
	refuse := func(why string) (string, error) { return "", fmt.Errorf("origin '%s' %s", raw, why) }
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return refuse("is not like https://shop.example")
	}
	if u.User != nil || u.Path != "" || strings.ContainsAny(raw, "?#") {
		return refuse("has more than scheme, host and port")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() && addr.Zone() == "" {
		host = "[" + addr.String() + "]"
	} else if host == "" || !All(host, func(c byte) bool { return IsWord(c) || c == '.' }) {
		return refuse("has a host that no browser shows: it takes a whole name, in ASCII (punycode)")
	}
	origin := u.Scheme + "://" + host
	if port == "" {
		return origin, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || n == 0:
		return refuse("has no port that exists")
	case u.Scheme == "http" && n == 80, u.Scheme == "https" && n == 443:
		return origin, nil
	}
	return origin + ":" + strconv.FormatUint(n, 10), nil
}
