// Package remote is the source of accounts that a server of the operator's has: it is asked for each by its name.
package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

const (
	// DefaultCache is how long an answer is believed unless the configuration says otherwise.
	DefaultCache = time.Minute

	// MinCache and MaxCache bound that.
	MinCache = time.Second
	MaxCache = 24 * time.Hour

	// Parameter is what the name is asked for by, an alias, too.
	Parameter = "app_id"

	fades          = time.Hour // how long accounts serve past the cache when the server cannot be asked
	defaultTimeout = 5 * time.Second
	maxConns       = 64
)

// Config says where the server is.
type Config struct {
	URL     string         // http or https; user, password and query may be secrets
	Key     string         // sent as Authorization: Bearer; empty: nothing is
	Cache   time.Duration  // 0: DefaultCache
	Timeout time.Duration  // of a call; 0: five seconds
	RootCAs *x509.CertPool // to trust; nil: the system's
	Keys    *sealed.Keys   // that open sealed values; nil: there are none
}

// Remote is a directory.Source that is only read. Redirects are not followed, for the request holds a secret; the proxy is that of the
// environment.
type Remote struct {
	cfg    Config
	url    *url.URL
	name   string
	client *http.Client
}

// New makes a Remote. It calls nobody. Its errors hold nothing of the URL, nor of the key.
func New(cfg Config) (*Remote, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" {
		return nil, errors.New("the url is no http or https URL")
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil || u.Query().Has(Parameter) {
		return nil, fmt.Errorf("the query of the url cannot be read, or has a parameter %s, which is added", Parameter)
	}
	if strings.ContainsFunc(cfg.Key, func(r rune) bool { return r <= ' ' || r >= 0x7F }) {
		return nil, errors.New("the key has blanks, or characters that no header may have")
	}
	if cfg.Cache == 0 {
		cfg.Cache = DefaultCache
	}
	if cfg.Cache < MinCache || cfg.Cache > MaxCache {
		return nil, fmt.Errorf("cache is from %v to %v", MinCache, MaxCache)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    cfg.Timeout,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        maxConns,
		MaxIdleConnsPerHost:    maxConns,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
	}
	client := &http.Client{
		Transport: transport, Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return &Remote{cfg, u, "http " + shown.String(), client}, nil
}

// Name implements directory.Source.
func (r *Remote) Name() string { return r.name }

// Fresh implements directory.Source.
func (r *Remote) Fresh() time.Duration { return r.cfg.Cache }

// Fades implements directory.Fading.
func (r *Remote) Fades() time.Duration { return fades }

// Close implements directory.Source.
func (r *Remote) Close() { r.client.CloseIdleConnections() }

// Look implements directory.Source.
func (r *Remote) Look(ctx context.Context, name string) (directory.Entry, error) {
	status, raw, err := r.get(ctx, name)
	switch {
	case err != nil:
		return directory.Entry{}, err
	case status == http.StatusNotFound:
		return directory.Entry{}, directory.ErrUnknown
	case status == http.StatusUnauthorized, status == http.StatusForbidden: // whomever it is asked for
		return directory.Entry{}, fmt.Errorf("the server answers with status %d: it does not take the key", status)
	case status != http.StatusOK:
		return directory.Entry{}, &directory.Broken{Name: name, Err: fmt.Errorf("the server answers with status %d", status)}
	}
	account, err := object.Parse(raw, r.cfg.Keys)
	if err != nil {
		return directory.Entry{}, &directory.Broken{Name: name, Err: fmt.Errorf("the server's answer: %w", err)}
	}
	return directory.EntryOf(account, r.name), nil
}

// get asks for a name.
func (r *Remote) get(ctx context.Context, name string) (status int, body []byte, err error) {
	u := *r.url
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += Parameter + "=" + url.QueryEscape(name)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, nil, errors.New("the url cannot be called")
	}
	req.Header.Set("Accept", "application/json")
	if r.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+r.cfg.Key)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, nil, bare(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(resp.Body, object.MaxSize+1)); err != nil {
		return 0, nil, bare(err)
	}
	return resp.StatusCode, body, nil
}

// bare is an error without the URL.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

// List implements directory.Source: nobody but the server knows whom it has.
func (r *Remote) List(context.Context) ([]directory.Entry, error) { return nil, directory.ErrReadOnly }

// Put implements directory.Source.
func (r *Remote) Put(context.Context, string, json.RawMessage) error { return directory.ErrReadOnly }

// Remove implements directory.Source.
func (r *Remote) Remove(context.Context, string) error { return directory.ErrReadOnly }

// Interface guards
var (
	_ directory.Source = (*Remote)(nil)
	_ directory.Fading = (*Remote)(nil)
)
