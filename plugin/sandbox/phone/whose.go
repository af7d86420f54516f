package phone

import (
	"net/url"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// phone is the phone of one user, for one call.
type phone struct {
	world  *world.World // locked
	now    time.Time
	user   string
	openID string // "": not said
	app    string // the mini program that runs; "": not said
	anyone bool   // nothing has said yet whose phone it is
}

// newPhone reads whose phone it is. The world is locked.
func newPhone(w *world.World, query url.Values) *phone {
	p := &phone{world: w, now: w.Now(), user: users.Demo, openID: query.Get("openid"), app: query.Get("appId")}
	switch {
	case p.openID != "":
		p.user = w.Users.Whose(p.openID, p.app)
	case p.app != "":
		p.openID = w.Users.OpenID(p.app, p.user)
	default:
		p.anyone = true
	}
	return p
}

// is says whether openid is that of the phone's user: in the mini program that runs, when it is known which. A phone of
// anyone's is that user's from then on.
func (p *phone) is(openid string) bool {
	if p.openID != "" {
		return openid == p.openID
	}
	user := p.world.Users.Whose(openid, "")
	if p.anyone {
		p.user, p.anyone = user, false
	}
	return user == p.user
}
