package clients

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestClients(t *testing.T) {
	t.Setenv("CLIENTS", "203.0.113.0/24")
	for name, tc := range map[string]struct {
		clients []string
		ip      string
		trusted bool
		unix    bool // the listener is a Unix socket
		header  string
		value   string
		refused string // what the refusal names; empty: let through
	}{
		"loopback by default":         {ip: "127.0.0.8"},
		"loopback of IPv6":            {ip: "::1"},
		"loopback mapped into IPv6":   {ip: "::ffff:127.0.0.1"},
		"private, not by default":     {ip: "10.0.0.1", refused: "10.0.0.1"},
		"private":                     {clients: []string{"private_ranges"}, ip: "10.0.0.1"},
		"private of IPv6":             {clients: []string{"private_ranges"}, ip: "fd00::1"},
		"public":                      {clients: []string{"private_ranges"}, ip: "198.51.100.1", refused: "198.51.100.1"},
		"one address":                 {clients: []string{"198.51.100.1"}, ip: "198.51.100.1"},
		"not that address":            {clients: []string{"198.51.100.1"}, ip: "198.51.100.2", refused: "198.51.100.2"},
		"listed, so not loopback":     {clients: []string{"198.51.100.1"}, ip: "127.0.0.1", refused: "127.0.0.1"},
		"of several":                  {clients: []string{"198.51.100.1", "2001:db8::/32"}, ip: "2001:db8::7"},
		"from the environment":        {clients: []string{"{env.CLIENTS}"}, ip: "203.0.113.9"},
		"no address":                  {ip: "@", refused: "no IP address"},
		"forwarded by a stranger":     {ip: "127.0.0.1", header: "X-Forwarded-For", refused: "X-Forwarded-For"},
		"forwarded, the new way":      {ip: "127.0.0.1", header: "Forwarded", refused: "Forwarded"},
		"forwarded, the nginx way":    {ip: "127.0.0.1", header: "X-Real-IP", refused: "X-Real-Ip"},
		"forwarded by a proxy":        {ip: "127.0.0.1", header: "X-Forwarded-For", trusted: true},
		"a stranger behind the proxy": {ip: "198.51.100.1", header: "X-Forwarded-For", trusted: true, refused: "198.51.100.1"},
		"a page in a browser":         {ip: "127.0.0.1", header: "Origin", refused: "Origin"},
		"a browser without Origin":    {ip: "127.0.0.1", header: "Sec-Fetch-Site", refused: "Sec-Fetch-Site"},
		"a browser behind a proxy":    {ip: "127.0.0.1", header: "Origin", trusted: true, refused: "Origin"},

		"an <img> on plain HTTP":              {ip: "127.0.0.1", header: "Accept-Language", value: "zh-CN,zh;q=0.9", refused: "Accept-Language"},
		"an <img> behind a proxy":             {ip: "127.0.0.1", header: "Accept-Language", value: "zh-CN", trusted: true, refused: "Accept-Language"},
		"a program that calls itself Mozilla": {ip: "127.0.0.1"},
		"the same with fetch of Node.js":      {ip: "127.0.0.1", header: "Accept-Language", value: "*"},

		"on a Unix socket":                       {ip: "", unix: true, refused: "unix"},
		"on a Unix socket, listed":               {clients: []string{"unix"}, ip: "", unix: true},
		"on a Unix socket, listed with others":   {clients: []string{"10.0.0.0/8", "unix"}, ip: "@", unix: true},
		"on a Unix socket, others listed":        {clients: []string{"10.0.0.0/8"}, ip: "", unix: true, refused: "unix"},
		"listed, but by TCP":                     {clients: []string{"unix"}, ip: "127.0.0.1", refused: "127.0.0.1"},
		"listed, but nobody knows":               {clients: []string{"unix"}, ip: "@", refused: "no IP address"},
		"with the name of an address":            {ip: "127.0.0.1", unix: true, refused: "unix"},
		"a stranger behind a socket":             {clients: []string{"unix"}, ip: "", unix: true, header: "X-Forwarded-For", refused: "X-Forwarded-For"},
		"a browser behind a socket":              {clients: []string{"unix"}, ip: "", unix: true, header: "Origin", refused: "Origin"},
		"behind a proxy on a socket":             {clients: []string{"10.0.0.1", "unix"}, ip: "10.0.0.1", unix: true, trusted: true, header: "X-Forwarded-For"},
		"a stranger behind a proxy on a socket":  {clients: []string{"10.0.0.1", "unix"}, ip: "10.0.0.2", unix: true, trusted: true, header: "X-Forwarded-For", refused: "10.0.0.2"},
		"the same by a header of the site's own": {clients: []string{"unix"}, ip: "10.0.0.2", unix: true, trusted: true, header: "X-Whose", refused: "10.0.0.2"},
		"somebody behind a proxy on a socket":    {clients: []string{"unix"}, ip: "@", unix: true, trusted: true, header: "Via", refused: "no IP address"},
		"a proxy on a socket, for itself":        {clients: []string{"unix"}, ip: "@", unix: true, trusted: true},
	} {
		t.Run(name, func(t *testing.T) {
			filter, err := NewFilter(tc.clients)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")
			if tc.header != "" {
				r.Header.Set(tc.header, tc.value)
			}
			if tc.unix {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.UnixAddr{Name: "/run/gateway.sock", Net: "unix"}))
			}
			err = filter.Check(r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{
				caddyhttp.ClientIPVarKey: tc.ip, caddyhttp.TrustedProxyVarKey: tc.trusted,
			})))
			switch {
			case tc.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.refused != "" && err == nil:
				t.Error("let through")
			case tc.refused != "" && !strings.Contains(err.Error(), tc.refused):
				t.Errorf("refused: %v", err)
			}
		})
	}
	for _, clients := range []string{"nobody", "10.0.0.0/33", "", "{env.NO_SUCH_CLIENTS}", "Unix", "unix/"} {
		if _, err := NewFilter([]string{clients}); err == nil {
			t.Errorf("%q: no error", clients)
		}
	}
}

// TestForwarding has each header by which proxies tell of others, in every way that HTTP lets one write it.
func TestForwarding(t *testing.T) {
	vars := map[string]any{caddyhttp.ClientIPVarKey: "127.0.0.1", caddyhttp.TrustedProxyVarKey: false}
	for _, name := range []string{
		"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto", "CF-Connecting-IP", "True-Client-IP",
		"X-Client-IP", "Client-IP", "X-Cluster-Client-IP", "Fastly-Client-IP", "X-Envoy-External-Address",
	} {
		for _, line := range []string{name + ": 127.0.0.1", strings.ToLower(name) + ": x", strings.ToUpper(name) + ":", name + ": a\r\n" + name + ": b"} {
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n" + line + "\r\n\r\n")))
			if err != nil {
				t.Fatal(err)
			}
			r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
			if err := loopback.Check(r); err == nil || !strings.Contains(err.Error(), "was forwarded ("+http.CanonicalHeaderKey(name)+")") {
				t.Errorf("%q: got %v", line, err)
			}
		}
	}
}

func TestOnlyLoopback(t *testing.T) {
	for clients, want := range map[string]bool{
		"": true, "127.0.0.1": true, "127.0.0.0/8 ::1": true, "127.0.0.0/16": true, "::1/128": true,
		"127.0.0.0/7": false, "127.0.0.1 10.0.0.7": false, "0.0.0.0/0": false, "::/0": false, "private_ranges": false, "unix": false, "127.0.0.1 unix": false,
	} {
		filter, err := NewFilter(strings.Fields(clients))
		if err != nil {
			t.Fatal(err)
		}
		if got := filter.OnlyLoopback(); got != want {
			t.Errorf("%s: got %v", clients, got)
		}
	}
}

func TestOpenListeners(t *testing.T) {
	ctx := context.WithValue(t.Context(), caddyhttp.ServerCtxKey, &caddyhttp.Server{Listen: []string{
		"127.0.0.1:8091", ":8091", "localhost:80", "[::1]:80", "tcp4/127.3.0.1:80", "unix//run/gateway.sock", "unix+h2c//run/g.sock", "10.0.0.7:80", "gateway.example.com:80", "[::]:80",
	}})
	if got, want := strings.Join(OpenListeners(ctx), " "), ":8091 10.0.0.7:80 gateway.example.com:80 [::]:80"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := OpenListeners(t.Context()); got != nil {
		t.Errorf("without a server: got %v", got)
	}
}
