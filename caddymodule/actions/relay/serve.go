package relay

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/relay"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ServeAction implements Action. It never calls next.
func (rl *Relay) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	if err := rl.clients.Check(r); err != nil {
		return err
	}
	isKey := rl.key.Matches
	callers := account.Callers()
	switch {
	case callers == nil && !rl.key.Set:
		if err := rl.hosts.Check(r); err != nil {
			return err
		}
		isKey = nil
	case callers == nil:
	case !callers.HasKey:
		return clients.NoKey()
	default:
		isKey = callers.IsKey
	}
	path, plain := plainPath(r.URL)
	ownToken := plain && (ownTokens.find(path) != "" || rl.pass.find(path) != "")
	if isKey != nil && !ownToken && !isKey(accessTokenOf(r.URL.RawQuery)) {
		return clients.NotAllowed("the access_token is not the key")
	}
	entry := ""
	if plain {
		entry = rl.allow.find(path)
	}
	if entry == "" {
		p := problem.Newf(http.StatusForbidden, problem.ReasonPathNotAllowed, "the path %s is not among those that may be called", shortPath(r.URL))
		if strings.Contains(r.URL.Path, "//") {
			p.Hint = string(slashesHint)
		}
		return p
	}

	account, err := rl.caller(account)
	if err != nil {
		return err
	}
	if !ownToken {
		if err := account.CheckPath(path); err != nil {
			return wrongToken(err)
		}
	}

	call := &relayCall{account: account, w: w, Call: relay.Call{API: entry, Query: r.URL.RawQuery, OwnToken: ownToken}}
	if !ownToken {
		call.Query, _ = queries.Clean(call.Query, accessTokenParams)
	}
	sealed := !ownToken && rl.Secure.seals(path)
	if sealed {
		if call.Params, err = rl.Secure.params(r, call.Query); err != nil {
			return err
		}
		call.Secure = rl.Secure.keys.Of(account.AppID(), account.WeChatTime)
	}
	out, err := call.prepare(r)
	if err != nil {
		return err
	}
	if sealed {
		if err := rl.Secure.checkBody(out, call.Body); err != nil {
			return err
		}
	}
	if h := w.Header(); h["Content-Type"] == nil {
		// An answer without one stays so: net/http guesses none for a field that is there without a value.
		h["Content-Type"] = nil
	}
	rl.proxy.ServeHTTP(w, out)
	if call.failed == nil || r.Context().Err() != nil && errors.Is(call.failed, context.Canceled) {
		return nil // answered, or there is nobody to answer to
	}
	if h := w.Header(); h["Content-Type"] == nil {
		delete(h, "Content-Type")
	}
	if failure := call.streamed.failure(); failure != nil && r.Context().Err() == nil {
		return unreadable(failure) // upon WeChat's failure SDKs would send it again
	}
	return call.failed
}

// accessTokenParams finds what a backend of WeChat's could take for an access_token.
var accessTokenParams = []queries.Param{queries.NewParam("access_token", 0)}

// accessTokenOf is the access_token that a query holds.
func accessTokenOf(query string) string {
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name != "access_token" {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil {
			return value
		}
	}
	return ""
}
