// Package api is what api.weixin.qq.com answers: table.go has the calls by path, and a call is in the file of its family.
// A path that WeChat does not know is answered with errcode 40066, "invalid url", as WeChat does.
package api

import (
	"net/http"
	"net/netip"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// Run carries out one call of the API and gives its answer, a Sealed or what is JSON, or WeChat's refusal. body is what r had as its body, and bodyErr
// why it could not be read.
func Run(w *world.World, r *http.Request, body []byte, bodyErr error) (any, error) {
	e, known := endpoints[r.URL.Path]
	switch {
	case !known:
		return nil, wire.ErrInvalidURL
	case e.method == http.MethodPost && r.Method != http.MethodPost:
		return nil, wire.ErrNeedPost
	case e.method == http.MethodGet && r.Method != http.MethodGet:
		return nil, wire.ErrNeedGet
	case bodyErr != nil:
		return nil, bodyErr
	}

	w.Lock()
	defer w.Unlock()
	c := &call{world: w, now: w.Now(), query: r.URL.Query(), body: body, known: isKnown}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.from = from.Addr().Unmap()
	}
	if e.component != "" {
		return c.runOfComponent(e, r.URL.Path)
	}
	if !e.open {
		token := c.query.Get("access_token")
		if w.Platform.IsToken(token) {
			return nil, wire.ErrWantAccount
		}
		t, err := w.Accounts.Authorize(token, c.now)
		if err != nil {
			return nil, err
		}
		c.app, c.grant = t.App, t.Grant
		if err := c.checkGrant(r.URL.Path); err != nil {
			return nil, err
		}
		if err := w.Platform.Refused(c.app.ID, r.URL.Path); err != nil {
			return nil, err
		}
		if err := w.Accounts.CheckPath(c.app, r.URL.Path); err != nil {
			return nil, err
		}
		if err := c.app.Spend(r.URL.Path, c.now); err != nil {
			return nil, err
		}
		return c.runSecured(e, r.URL.Path, r.Header)
	}
	return e.run(c)
}

func isKnown(path string) bool {
	_, known := endpoints[path]
	return known
}

// Methods gives the calls that are answered, and the HTTP method of each.
func Methods() map[string]string {
	methods := make(map[string]string, len(endpoints))
	for path, e := range endpoints {
		methods[path] = e.method
	}
	return methods
}
