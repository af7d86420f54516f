package clients

import (
	"context"
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
		header  string
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
	} {
		t.Run(name, func(t *testing.T) {
			filter, err := NewFilter(tc.clients)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if tc.header != "" {
				r.Header.Set(tc.header, "")
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
	for _, clients := range []string{"nobody", "10.0.0.0/33", "", "{env.NO_SUCH_CLIENTS}"} {
		if _, err := NewFilter([]string{clients}); err == nil {
			t.Errorf("%q: no error", clients)
		}
	}
}
