package fill_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// fronts are one site by each version of HTTP.
type front struct {
	client *http.Client
	url    string
}

func fronts(t *testing.T, site http.Handler) map[string]front {
	t.Helper()
	plain := httptest.NewServer(site)
	t.Cleanup(plain.Close)
	h2 := httptest.NewUnstartedServer(site)
	h2.EnableHTTP2 = true
	h2.StartTLS()
	t.Cleanup(h2.Close)

	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h3 := &http3.Server{Handler: site, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: h2.TLS.Certificates})} //nolint:gosec // HTTP/3 is TLS 1.3
	go func() { _ = h3.Serve(conn) }()
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // for tests
		Dial: func(ctx context.Context, _ string, t *tls.Config, c *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, conn.LocalAddr().String(), t, c)
		},
		DisableCompression: true,
	}
	t.Cleanup(func() {
		transport.Close()
		h3.Close()
		conn.Close()
	})
	client := func(transport http.RoundTripper) *http.Client {
		return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	over2 := h2.Client().Transport.(*http.Transport)
	over2.DisableCompression = true
	return map[string]front{
		"HTTP/1.1": {client(&http.Transport{DisableCompression: true}), plain.URL},
		"HTTP/2":   {client(over2), h2.URL},
		"HTTP/3":   {client(transport), "https://localhost"},
	}
}
