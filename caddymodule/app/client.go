package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// clientConfig makes the configuration of the client for WeChat's API. key has what its connections are made with.
func (a *App) clientConfig() (cfg wechat.Config, key settings, err error) {
	cfg = wechat.Config{Timeout: time.Duration(a.Timeout), Proxy: http.ProxyFromEnvironment}
	if cfg.Timeout < 0 {
		return cfg, key, errors.New("timeout must be greater than zero")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, wechat.DefaultTimeout)

	api := a.API
	if len(api) == 0 {
		api = wechat.DefaultBaseURLs
	}
	for _, raw := range api {
		base, err := words.Expand(raw)
		if err != nil {
			return cfg, key, fmt.Errorf("api: %w", err)
		}
		base = strings.TrimRight(base, "/")
		if err := checkBaseURL(base); err != nil {
			return cfg, key, words.Placed(raw, fmt.Errorf("api: %w", err))
		}
		cfg.BaseURLs = append(cfg.BaseURLs, base)
	}

	proxy, err := words.Expand(a.Proxy)
	if err != nil {
		return cfg, key, fmt.Errorf("proxy: %w", err)
	}
	switch proxy {
	case "":
	case "off": // not nil, which stands for the environment's
		cfg.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	default:
		u, err := url.Parse(proxy)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			// the URL may hold a password, and so may the parser's error
			return cfg, key, words.Placed(a.Proxy, errors.New("proxy must be off or a URL like http://host:port"))
		}
		cfg.Proxy = http.ProxyURL(u)
	}

	key = settings{timeout: cfg.Timeout, proxy: proxy}
	if len(a.CA) > 0 {
		cfg.RootCAs, key.roots, err = words.RootCAs(a.CA)
	}
	return cfg, key, err
}

// openURL gives where visitors are sent.
func (a *App) openURL() (string, error) {
	open, err := words.Expand(cmp.Or(a.Open, oauth.DefaultOpenURL))
	if err != nil {
		return "", fmt.Errorf("open: %w", err)
	}
	open = strings.TrimRight(open, "/")
	if err := checkBaseURL(open); err != nil {
		return "", fmt.Errorf("open: %w", err)
	}
	return open, nil
}

// checkBaseURL accepts http and https URLs that a path can be appended to.
func checkBaseURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is no http or https URL", s)
	}
	if u.User != nil || strings.ContainsAny(s, "?#") {
		return errors.New("a base URL has no user, query or fragment")
	}
	return nil
}
