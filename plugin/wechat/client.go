// Package wechat calls the HTTP API of WeChat for one gateway: hosts and
// fail-over, time-outs, idempotence, answers, and one typed Error that says
// what to do about a failure.
package wechat

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"time"
)

// DefaultBaseURLs are the hosts of a Config that names none. The second is
// WeChat's remote one, for when the first cannot be reached.
var DefaultBaseURLs = []string{"https://api.weixin.qq.com", "https://api2.weixin.qq.com"}

const userAgent = "caddy-wechat-card"

// DefaultTimeout bounds one host's answer to a call unless the Config says otherwise.
const DefaultTimeout = 5 * time.Second

// Config of a Client. The zero value is good for WeChat itself.
type Config struct {
	// BaseURLs are tried in this order: scheme, host and perhaps a path
	// prefix, no query. None: DefaultBaseURLs.
	BaseURLs []string

	// Timeout bounds what one host may take for a call, connecting included.
	// 0: DefaultTimeout.
	Timeout time.Duration

	// Proxy chooses the proxy of a request, as http.Transport.Proxy does; a
	// function that returns nil means none. nil: the environment's HTTPS_PROXY
	// and NO_PROXY.
	Proxy func(*http.Request) (*url.URL, error)

	// RootCAs are the roots to trust. nil: the system's.
	RootCAs *x509.CertPool

	// Connections are used together with other Clients. They were made with the
	// Timeout, Proxy and RootCAs that are meant here; their owner closes them.
	// nil: the Client has its own.
	Connections *Connections

	// Now is the local clock. nil: time.Now.
	Now func() time.Time

	// Observe, unless nil, is told of each call when it has ended: its name,
	// the error (a *Error) or nil, and how long it took over all its hosts. It
	// must not block.
	Observe func(api string, err error, took time.Duration)

	// Trace, unless nil, is told of each call before it is made: its name and
	// its path, without a query. What it gives is the context to make the call
	// with, and what is told of the end of it, with the error (a *Error) or
	// nil; nil: nobody is.
	Trace func(ctx context.Context, api, path string) (context.Context, func(error))
}

// Client calls WeChat. Its methods may be used from any number of goroutines.
// Every error that they return is an *Error.
type Client struct {
	hosts       hosts
	timeout     time.Duration
	now         func() time.Time
	observe     func(api string, err error, took time.Duration)
	tracer      func(ctx context.Context, api, path string) (context.Context, func(error))
	connections *Connections
	owned       bool  // the connections are this Client's own
	whose       Whose // tokens its calls carry
	clock       *theirClock
}

// New makes a Client. It opens no connection.
func New(cfg Config) *Client {
	if len(cfg.BaseURLs) == 0 {
		cfg.BaseURLs = DefaultBaseURLs
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{
		hosts:       newHosts(cfg.BaseURLs),
		timeout:     cfg.Timeout,
		now:         cfg.Now,
		observe:     cfg.Observe,
		tracer:      cfg.Trace,
		connections: cfg.Connections,
		clock:       new(theirClock),
	}
	if c.connections == nil {
		c.connections, c.owned = Connect(cfg), true
	}
	return c
}

// Observed gives a Client like this one, over the same connections, that tells
// somebody else of its calls (Config.Observe, Config.Trace). What one of them
// learns of the hosts and of WeChat's clock, both know.
func (c *Client) Observed(
	by func(api string, err error, took time.Duration), trace func(ctx context.Context, api, path string) (context.Context, func(error)),
) *Client {
	other := *c
	other.observe, other.tracer = by, trace
	return &other
}

// Of gives a Client like this one for calls with the access_token of one kind
// of account. Calls that want the other kind's fail with a *ForeignToken, and
// nobody is asked.
func (c *Client) Of(whose Whose) *Client {
	other := *c
	other.whose = whose
	return &other
}

// CheckPath is that of the kind of account whose calls the Client makes, for a path by itself and behind that of each base URL.
func (c *Client) CheckPath(path string) error {
	for _, h := range c.hosts {
		if h.url == nil || h.url.Path == "" {
			continue
		}
		if err := c.whose.CheckPath(h.url.EscapedPath() + path); err != nil {
			return err
		}
	}
	return c.whose.CheckPath(path)
}

// Close closes the idle connections, if they are the Client's own. Calls under
// way go on and close theirs.
func (c *Client) Close() {
	if c.owned {
		c.connections.Close()
	}
}
