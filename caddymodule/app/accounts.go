package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/remote"

	"github.com/caddyserver/caddy/v2"
)

// AccountSource is where accounts lie that are data: they come and go without a reload. Each is one JSON object with the names of a
// configured account's JSON, of which it may have `app_secret`, `token_source` (`stable` or `classic`), `force_refresh`, `mini_program`,
// `message_push` and `limit`, and of its own `app_id`, which it must have, `alias`, another name for routes (1 to 63 of a to z, 0 to 9 and
// `-`), and `key`, which callers of `relay` and `credentials` need for this account. Placeholders are refused in it. Where several sources
// have an account, the first does.
type AccountSource struct {
	// Which kind of source: `file`, `redis`, `http` or `platform`.
	Source string `json:"source,omitempty"`

	// With `file`: the folder, in which `<app_id>.json` is an account.
	Folder string `json:"folder,omitempty"`

	// With `redis` the URL of one server, as in the store `redis`. With `http` the URL that is asked by GET, with `app_id=<name>` in its
	// query; 404 says that there is no such account.
	URL string `json:"url,omitempty"`

	// With `redis`: what the keys begin with; the app_id follows.
	Prefix string `json:"prefix,omitempty"`

	// With `http`: what is sent as `Authorization: Bearer <key>`. Default: nothing is.
	Key string `json:"key,omitempty"`

	// With `http`: how long an answer is used. Default: 60s.
	Cache caddy.Duration `json:"cache,omitempty"`

	// With `platform`: the component whose merchants are meant, by its name in `components`.
	Component string `json:"component,omitempty"`
}

// The kinds of sources.
const (
	sourceFile     = "file"
	sourceRedis    = "redis"
	sourceHTTP     = "http"
	sourcePlatform = "platform"
)

var accountSources = []string{sourceFile, sourceRedis, sourceHTTP, sourcePlatform}

// check finds what is missing or has no business there.
func (s AccountSource) check() error {
	fields := []struct {
		name   string
		set    bool
		of     []string // the sources that have it
		wanted bool
	}{
		{"folder", s.Folder != "", []string{sourceFile}, true},
		{"url", s.URL != "", []string{sourceRedis, sourceHTTP}, true},
		{"prefix", s.Prefix != "", []string{sourceRedis}, true},
		{"key", s.Key != "", []string{sourceHTTP}, false},
		{"cache", s.Cache != 0, []string{sourceHTTP}, false},
		{"component", s.Component != "", []string{sourcePlatform}, true},
	}
	if !slices.Contains(accountSources, s.Source) {
		return fmt.Errorf("a source of accounts is %s, not %q", strings.Join(accountSources, " or "), s.Source)
	}
	for _, f := range fields {
		switch has := slices.Contains(f.of, s.Source); {
		case has && f.wanted && !f.set:
			return fmt.Errorf("accounts %s: %s is missing", s.Source, f.name)
		case !has && f.set:
			return fmt.Errorf("accounts %s takes no %s", s.Source, f.name)
		}
	}
	if s.Cache < 0 {
		return errors.New("accounts http: cache must be greater than zero")
	}
	return nil
}

// expand evaluates placeholders.
func (s AccountSource) expand() (AccountSource, error) {
	if err := s.check(); err != nil {
		return s, err
	}
	for _, value := range []struct {
		name string
		text *string
	}{{"folder", &s.Folder}, {"url", &s.URL}, {"prefix", &s.Prefix}, {"key", &s.Key}, {"component", &s.Component}} {
		expanded, err := words.Expand(*value.text)
		if err != nil {
			return s, fmt.Errorf("accounts %s: %s: %w", s.Source, value.name, err)
		}
		*value.text = expanded
	}
	return s, nil
}

// checkLiteral finds what can be seen to be wrong before placeholders have their values.
func (s AccountSource) checkLiteral() error {
	var err error
	switch {
	case words.IsDynamic(s.URL):
	case s.Source == sourceRedis:
		err = s.checkRedis()
	case s.Source == sourceHTTP:
		key := s.Key
		if words.IsDynamic(key) {
			key = ""
		}
		_, err = remote.New(remote.Config{URL: s.URL, Key: key, Cache: time.Duration(s.Cache)})
	}
	if err != nil {
		return fmt.Errorf("accounts %s: %w", s.Source, err)
	}
	return nil
}

// literalSecrets names the secrets that stand in the configuration as they are.
func (s AccountSource) literalSecrets() (names []string) {
	if words.HasLiteralPassword(s.URL) {
		names = append(names, "password in the url of accounts "+s.Source)
	}
	if s.Key != "" && !words.IsDynamic(s.Key) {
		names = append(names, "key of accounts "+s.Source)
	}
	return names
}
