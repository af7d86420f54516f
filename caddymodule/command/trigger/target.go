package trigger

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
)

// patience bounds how long a backend may take: a minute is what the gateway gives it.
const patience = 70 * time.Second

// target is where a message goes.
type target struct {
	url  string
	dial string // host and port on this machine; empty: those of url
}

// check tells whether the URL is one that a message can be sent to.
func (t *target) check() error {
	u, err := url.Parse(t.url)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return cli.Usagef("--to wants a URL like http://127.0.0.1:8080/wechat/push, not %q", t.url)
	}
	return nil
}

// post sends a message as WeChat does.
func (t *target) post(ctx context.Context, query url.Values, body []byte, format push.Format) (status int, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	separator := "?"
	if strings.Contains(t.url, "?") {
		separator = "&"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+separator+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", string(format))
	r.Header.Set("User-Agent", "Mozilla/4.0")
	transport := &http.Transport{Proxy: nil}
	if t.dial != "" {
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, t.dial)
		}
		// It goes to this machine and nowhere else, where Caddy's certificate may be of an authority that nobody trusts yet.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // on the loopback
	}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, push.MaxBody))
	return resp.StatusCode, string(raw), err
}

// readable is an answer as the backend gave it: a reply is sealed as the message was.
func readable(settings push.Config, answer string) string {
	var sealed struct {
		Encrypt string `json:"Encrypt"`
	}
	if json.Unmarshal([]byte(answer), &sealed) != nil {
		_ = xml.Unmarshal([]byte(answer), &sealed)
	}
	if sealed.Encrypt == "" || settings.EncodingAESKey == "" {
		return answer
	}
	if c, err := push.NewCipher(settings.EncodingAESKey); err == nil {
		if plain, _, err := c.Decrypt(sealed.Encrypt); err == nil {
			return string(plain)
		}
	}
	return answer
}

// route is what is read of a configuration's routes.
type route struct {
	Match []struct {
		Host       []string        `json:"host"`
		Path       []string        `json:"path"`
		PathRegexp json.RawMessage `json:"path_regexp"`
		Expression json.RawMessage `json:"expression"`
	} `json:"match"`
	Handle []struct {
		Handler string  `json:"handler"`
		Account string  `json:"account"`
		Strip   string  `json:"strip_path_prefix"`
		Name    any     `json:"name"` // of invoke: that of its route; other handlers may have anything there
		Routes  []route `json:"routes"`
		Action  struct {
			Name           string `json:"name"`
			ComponentAppID string `json:"component_app_id"`
		} `json:"action"`
	} `json:"handle"`
}

// find finds the route with message_push of an account in the configuration, and how it is reached on this machine.
func (f *flags) find(account string) (*target, error) {
	raw, err := f.account.Load()
	if err != nil {
		return nil, err
	}
	var cfg struct {
		Apps struct {
			HTTP struct {
				HTTPPort int `json:"http_port"`
				Servers  map[string]struct {
					Listen    []string          `json:"listen"`
					Routes    []route           `json:"routes"`
					Named     map[string]*route `json:"named_routes"`
					TLS       []json.RawMessage `json:"tls_connection_policies"`
					AutoHTTPS struct {
						Disable bool `json:"disable"`
					} `json:"automatic_https"`
				} `json:"servers"`
			} `json:"http"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(raw, &cfg); err != nil {
		return nil, err
	}
	for _, server := range cfg.Apps.HTTP.Servers {
		found, component, ok := (&search{account: account, named: server.Named}).in(server.Routes, way{})
		if !ok || found.untold || len(server.Listen) == 0 {
			continue
		}
		address, err := caddy.ParseNetworkAddress(server.Listen[0])
		if err != nil || address.IsUnixNetwork() {
			continue
		}
		f.component = cmp.Or(f.component, component)
		port := strconv.Itoa(int(address.StartPort))
		scheme := "http"
		host, path := found.host, cmp.Or(found.path, "/")
		plain := port == "80" || server.AutoHTTPS.Disable || host == ""
		if len(server.TLS) > 0 || port == "443" || !plain && int(address.StartPort) != cfg.Apps.HTTP.HTTPPort {
			scheme = "https"
		}
		loopback := "127.0.0.1"
		if ip := net.ParseIP(address.Host); ip != nil && !ip.IsUnspecified() {
			loopback = address.Host
		}
		dial := net.JoinHostPort(loopback, port)
		name := cmp.Or(host, loopback)
		if (scheme != "http" || port != "80") && (scheme != "https" || port != "443") {
			name = net.JoinHostPort(name, port)
		}
		return &target{url: scheme + "://" + name + path, dial: dial}, nil
	}
	return nil, cli.Usagef("no route with message_push for account %s was found: name its URL with --to", account)
}

// way is what was matched on the way to a route.
type way struct {
	host, path string
	stripped   string // of the path's beginning, before the routes that follow are asked
	untold     bool   // by more than a host and a path
}

// into gives the way into a route.
func (w way) into(r *route) way {
	for _, m := range r.Match {
		if len(m.Host) > 0 && !strings.Contains(m.Host[0], "{") {
			w.host = strings.ReplaceAll(m.Host[0], "*", "www")
		}
		if len(m.Path) > 0 {
			w.path = w.stripped + strings.TrimRight(m.Path[0], "*")
			w.untold = strings.ContainsAny(w.path, "*{")
		} else if (m.PathRegexp != nil || m.Expression != nil) && w.path == "" {
			w.untold = true
		}
	}
	return w
}

// search looks for the message_push of an account.
type search struct {
	account string
	named   map[string]*route
	within  []string // the named routes that are being looked at
}

// in looks through routes, those within routes and those that are invoked too.
func (s *search) in(routes []route, from way) (found way, component string, ok bool) {
	for i := range routes {
		r := &routes[i]
		here := from.into(r)
		for _, h := range r.Handle {
			if h.Handler == "wechat_card" && h.Action.Name == "message_push" && (h.Account == s.account || h.Account == "" && s.account == app.DefaultAccount) {
				return here, h.Action.ComponentAppID, true
			}
			if h.Handler == "rewrite" && len(r.Match) == 0 {
				from.stripped += h.Strip // handle_path
			}
			if found, component, ok := s.in(h.Routes, here); ok {
				return found, component, true
			}
			name, _ := h.Name.(string)
			if named := s.named[name]; h.Handler == "invoke" && named != nil && !slices.Contains(s.within, name) {
				s.within = append(s.within, name)
				found, component, ok := s.in([]route{*named}, here)
				if s.within = s.within[:len(s.within)-1]; ok {
					return found, component, true
				}
			}
		}
	}
	return way{}, "", false
}

// isSandbox tells whether the API is a sandbox's, which nobody's customers are behind.
func isSandbox(ctx context.Context, api string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/_sandbox/events", nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Transport{Proxy: nil}).RoundTrip(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	switch resp.StatusCode {
	case http.StatusOK:
		return bytes.HasPrefix(raw, []byte(`{"epoch":"`))
	case http.StatusForbidden: // it is on another machine, and says so
		var refused struct {
			Error string `json:"error"`
		}
		return json.Unmarshal(raw, &refused) == nil && refused.Error == sandbox.ElsewhereRefused
	}
	return false // a page that repeats the address has the word, too
}
