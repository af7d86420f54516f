package relay_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestRelayUnix has an SDK of the same machine call by a Unix socket, and strangers behind a proxy that does the same.
func TestRelayUnix(t *testing.T) {
	for name, tc := range map[string]struct {
		lines  string
		peer   string // the peer's own name
		header string
		want   int
	}{
		"not by default":                   {"", "", "", 403},
		"not among others":                 {"clients 127.0.0.1 private_ranges", "", "", 403},
		"listed":                           {"clients unix", "", "", 200},
		"listed with others":               {"clients 10.0.0.0/8 unix", "", "", 200},
		"forwarded":                        {"clients unix", "", "X-Forwarded-For", 403},
		"forwarded, and told otherwise":    {"clients unix", "", "Via", 403},
		"a browser":                        {"clients unix", "", "Origin", 403},
		"one that is called like loopback": {"", "127.0.0.1:80", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRelaySite(t, nil, "allow /card/*\n"+tc.lines)
			dir, err := os.MkdirTemp("", "") // that of t may be too long for a socket
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			t.Chdir(dir)
			l, err := net.Listen("unix", filepath.Join(dir, "s"))
			if err != nil {
				t.Skip(err)
			}
			server := &http.Server{Handler: s.Server} //nolint:gosec // for a test
			go func() { _ = server.Serve(l) }()
			t.Cleanup(func() { _ = server.Close() })

			dialer := &net.Dialer{}
			if tc.peer != "" {
				dialer.LocalAddr = &net.UnixAddr{Name: tc.peer, Net: "unix"}
			}
			client := &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return dialer.DialContext(ctx, "unix", l.Addr().String())
				},
			}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:9080/card/get", nil)
			if err != nil {
				t.Fatal(err)
			}
			if tc.header != "" {
				req.Header.Set(tc.header, "127.0.0.1")
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("got %d", resp.StatusCode)
			}
		})
	}
}
