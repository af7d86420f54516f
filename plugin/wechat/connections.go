package wechat

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// The connections that a process has to one host are 64 at most, half of them for
// calls that ask for a credential: these must not wait behind what clients have
// others upload.
const (
	maxCredentialConns = 32
	maxOtherConns      = 32
)

// Connections are connections to any number of hosts, 64 at most to each, which
// Clients with the same Timeout, Proxy and RootCAs may share. A call that finds
// none free waits for one, as long as it may take.
type Connections struct {
	credentials *http.Transport
	others      *http.Transport
}

// Connect makes Connections with the Timeout, Proxy and RootCAs of a Config. It
// opens none.
func Connect(cfg Config) *Connections {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
	}
	return &Connections{newTransport(cfg, maxCredentialConns), newTransport(cfg, maxOtherConns)}
}

func newTransport(cfg Config, most int) *http.Transport {
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               cfg.Proxy,
		DialContext:         dialer.DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: cfg.Timeout,
		ForceAttemptHTTP2:   true,
		// For Relay, which has no time-out over all: uploads may take longer.
		ResponseHeaderTimeout: cfg.Timeout,
		// Answers are passed on, and read, as WeChat sends them.
		DisableCompression: true,
		// A connection that died silently would else make every call time
		// out until the kernel gives it up, a quarter of an hour later.
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		MaxConnsPerHost:        most,
		MaxIdleConnsPerHost:    most,
		MaxIdleConns:           2 * most,
		IdleConnTimeout:        60 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Close closes the idle connections. Calls under way go on and close theirs.
func (c *Connections) Close() {
	c.credentials.CloseIdleConnections()
	c.others.CloseIdleConnections()
}
