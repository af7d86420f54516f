package api

import (
	"errors"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
)

// Sealed is an answer that is sealed and signed, with the header fields that go with it.
type Sealed secure.Call

// runSecured is run for an app that may have API 安全 switched on. What WeChat refuses before it knows what is asked, a bad token among
// it, comes in plain; so does what is asked in plain, which only some paths refuse (934011). Whatever a sealed call is answered beyond
// is sealed, refusals too: WeChat's page does not say.
func (c *call) runSecured(e endpoint, path string, header http.Header) (any, error) {
	secured, on := c.world.Accounts.Secured[c.app.ID]
	switch sealed := secure.IsSealed(header); {
	case sealed && !on:
		return nil, wire.ErrNoSymmetricKey
	case !sealed && secured.Demands(path):
		return nil, wire.ErrNeedSealed
	case !sealed:
		return e.run(c)
	}
	body, err := secured.Keys.Of(c.app.ID, c.world.Now).OpenCall(path, header, c.body)
	if err != nil {
		if refused, ok := errors.AsType[*secure.Refused](err); ok {
			return nil, &wire.Error{Code: refused.Code, Msg: refused.Msg}
		}
		return nil, err
	}
	c.body = body
	answer, err := e.run(c)
	if _, isPicture := answer.(wire.Picture); isPicture && err == nil {
		return answer, nil // how one is sealed WeChat's page does not say
	}
	if err != nil {
		answer = wire.Refusal(err, c.now)
	}
	sealed, err := secured.Seal(c.app.ID, path, wire.Encode(answer), c.world.Now)
	return Sealed(sealed), err
}
