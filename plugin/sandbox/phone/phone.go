// Package phone is the phone of a WeChat user.
//
// It hands out the codes of wx.login and of the getPhoneNumber button, by which the backend of the mini program that runs (appId) finds
// out who its user is, and lets its user agree to messages.
//
// The phone takes what a mini program passes to wx.addCard, wx.openCard and wx.navigateToMiniProgram, as it is, and does
// what the WeChat client would. Whose phone it is, the query parameters say: appId is the mini program that runs, openid
// that of its user there. Without them it is the phone of whoever the call is about, by the openid in a cardExt or the
// code of a card, else the demo user's.
//
// It answers with HTTP 200. A refusal has WeChat's errMsg, and beside it what a real phone keeps to itself: a
// reason that does not change, and a detail for people. What no phone asks and no user says is HTTP 400, as with the controls.
package phone

import (
	"net/http"
	"net/url"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// calls are the client's calls, by the last part of the path.
var calls = map[string]struct {
	name string // as errMsg names it
	run  func(p *phone, body []byte) (any, *Refused)
}{
	"addCard":       {"addCard", (*phone).addCard},
	"openCard":      {"openCard", (*phone).openCard},
	"openComponent": {"navigateToMiniProgram", (*phone).openComponent},
	"showComponent": {"navigateToMiniProgram", (*phone).showComponent},

	"login":          {"login", (*phone).login},
	"getPhoneNumber": {"getPhoneNumber", (*phone).getPhoneNumber},

	"requestSubscribeMessage": {"requestSubscribeMessage", (*phone).requestSubscribeMessage},
}

// use makes one call of the client.
func use(w *world.World, name string, query url.Values, body []byte) any {
	w.Lock()
	defer w.Unlock()
	pc := calls[name]
	answer, no := pc.run(newPhone(w, query), body)
	if no != nil {
		no.ErrMsg = pc.name + ":fail " + no.ErrMsg
		return no
	}
	return answer
}

// Serve answers below /_sandbox/phone/, where name is the last part of the path.
func Serve(world *world.World, w http.ResponseWriter, r *http.Request, name string) {
	pc, known := calls[name]
	if !known {
		local.Error(w, http.StatusNotFound, "no such call of the client")
		return
	}
	body, err := wire.ReadBody(w, r)
	if err != nil {
		local.Error(w, http.StatusRequestEntityTooLarge, "the body is too large or broke off")
		return
	}
	call := "wx." + pc.name
	if name == "openComponent" {
		call = "App.onShow" // what the mini program sees of it
	}
	x := world.Log.Begin(exchanges.Exchange{
		From: exchanges.Phone, To: exchanges.Phone, Method: call, Address: name, Begin: world.Now(), Request: body, Tap: exchanges.TapOf(r),
	})
	answer := use(world, name, r.URL.Query(), body)
	if wrong, is := answer.(slip); is {
		world.Log.End(x, http.StatusBadRequest, []byte(wrong.Error()), nil)
		local.Error(w, http.StatusBadRequest, wrong.Error())
		return
	}
	world.Log.End(x, http.StatusOK, wire.Encode(answer), nil)
	wire.WriteJSON(w, http.StatusOK, answer)
}
