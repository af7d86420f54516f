package phone

import (
	"encoding/json"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// ComponentAppID is WeChat's member-card component.
const ComponentAppID = "wxeb490c6f9b154ef9"

// The component returns extraData for cards of the jump type (wx_activate_after_submit with an url) that are not active
// yet; the merchant then activates the card himself. Other cards it activates at once, and it returns nothing for them.

// componentRequest is what wx.navigateToMiniProgram takes; form is what the user shall type: names and texts, or lists.
type componentRequest struct {
	AppID     string          `json:"appId"`
	Path      string          `json:"path"`
	ExtraData json.RawMessage `json:"extraData"`
	Form      map[string]any  `json:"form"`
	// AfterRequest: the mini program made a request between the user's tap and this call, which WeChat then refuses.
	AfterRequest bool `json:"afterRequest"`
}

// returned is what the mini program finds in its referrerInfo.extraData.
type returned struct {
	ActivateTicket string `json:"activate_ticket"`
	CardID         string `json:"card_id"`
	Code           string `json:"code"`
	ErrCode        int    `json:"errCode"`
	AfterSubmitURL string `json:"wx_activate_after_submit_url,omitempty"`
}

type referrerInfo struct {
	AppID     string    `json:"appId"`
	ExtraData *returned `json:"extraData,omitempty"`
}

type navigated struct {
	ErrMsg   string       `json:"errMsg"`
	Referrer referrerInfo `json:"referrerInfo"`
	Detail   string       `json:"detail,omitempty"`
}

// componentExtra is the component's extraData.
type componentExtra struct {
	EncryptCardID string `json:"encrypt_card_id"`
	OuterStr      string `json:"outer_str"`
	Biz           string `json:"biz"`

	upgradedExtra // of a card of generation 2, in the place of encrypt_card_id and biz
}

// readComponent gives what wx.navigateToMiniProgram was called with, and the card.
func (p *phone) readComponent(body []byte) (req componentRequest, extra componentExtra, c *cards.Card, no *Refused) {
	if json.Unmarshal(body, &req) != nil {
		return req, extra, nil, &Refused{TextParameter, "extra_data", `want {"appId":"…","extraData":{…}}`}
	}
	if req.AfterRequest {
		return req, extra, nil, &Refused{TextNoTap, "no_tap", "a request came between the tap and this call: fetch the parameters before the user taps"}
	}
	if req.AppID != ComponentAppID {
		return req, extra, nil, &Refused{TextParameter, "app_id", "the component's appId is " + ComponentAppID}
	}
	if json.Unmarshal(req.ExtraData, &extra) != nil {
		return req, extra, nil, &Refused{TextParameter, "extra_data", "extraData must be an object of strings"}
	}
	if extra.isUpgraded() {
		c, no = p.upgradedCard(req.Path, extra.upgradedExtra)
	} else {
		c, no = p.componentCard(extra.EncryptCardID, extra.Biz)
	}
	return req, extra, c, no
}

// showComponent is what the user sees before he submits the form that openComponent takes. It changes nothing.
func (p *phone) showComponent(body []byte) (any, *Refused) {
	_, _, c, no := p.readComponent(body)
	if no != nil {
		return nil, no
	}
	held := p.memberOf(c)
	if held == nil {
		if no := p.mayHave(c, 1); no != nil {
			return nil, no
		}
	}
	return struct {
		ErrMsg string     `json:"errMsg"`
		Card   cards.Look `json:"card"`
		Form   []string   `json:"form"`
		Active bool       `json:"active"`
	}{"navigateToMiniProgram:ok", c.Look(), c.Form, held != nil && held.Active}, nil
}

func (p *phone) openComponent(body []byte) (any, *Refused) {
	req, extra, c, no := p.readComponent(body)
	if no != nil {
		return nil, no
	}

	held := p.memberOf(c)
	answer := navigated{ErrMsg: "navigateToMiniProgram:ok", Referrer: referrerInfo{AppID: ComponentAppID}}
	if held != nil && held.Active {
		answer.Detail = "the user's card is active already: nothing comes back"
		return answer, nil
	}
	if held == nil {
		if no := p.mayHave(c, 1); no != nil {
			return nil, no
		}
		held = p.world.Codes.HandOut(c, "", p.user, p.now)
	}
	held.Form = fillForm(c, req.Form)
	if extra.isUpgraded() {
		return p.openUpgraded(c, held, extra.upgradedExtra, answer), nil
	}
	if !c.AfterSubmit || c.AfterURL == "" {
		held.Active = true
		answer.Detail = "not of the jump type (wx_activate_after_submit with an url): the card is active now and nothing comes back"
		return answer, nil
	}
	ticket := p.submitted(c, held)
	answer.Referrer.ExtraData = &returned{
		ActivateTicket: ticket, CardID: c.ID, Code: held.Code,
		// WeChat appends with & whether or not the url has a query.
		AfterSubmitURL: c.AfterURL + "&card_id=" + wire.Escape(c.ID) + "&encrypt_code=" + wire.Escape(p.world.Seal.EncryptCode(c.App, held.Code)) +
			"&outer_str=" + wire.Escape(extra.OuterStr) + "&openid=" + wire.Escape(p.world.Users.OpenID(c.App, p.user)) + "&activate_ticket=" + wire.Escape(ticket),
	}
	return answer, nil
}

// submitted gives the activate_ticket for what the user has filled in.
func (p *phone) submitted(c *cards.Card, held *codes.Held) string {
	ticket := p.world.Seal.ActivateTicket(c.App)
	p.world.Codes.Submitted.Add(ticket, &codes.Submitted{App: c.App, Expires: p.now.Add(p.world.Accounts.ExpiresIn), Form: held.Form})
	return ticket
}

// componentCard gives the card that encrypt_card_id and biz name.
func (p *phone) componentCard(encrypted, number string) (*cards.Card, *Refused) {
	for _, f := range []struct{ name, value string }{{"encrypt_card_id", encrypted}, {"biz", number}} {
		switch {
		case f.value == "":
			return nil, &Refused{TextParameter, f.name, f.name + " is missing"}
		case strings.Contains(f.value, "%"):
			return nil, &Refused{TextParameter, "percent_encoded", f.name + " is still percent-encoded"}
		case strings.Contains(f.value, " "):
			return nil, &Refused{TextParameter, "blank", f.name + " has a blank where a + was: something decoded it as a form"}
		}
	}
	id, good := p.world.Seal.DecryptCardID(encrypted)
	if !good {
		return nil, &Refused{TextParameter, "encrypt_card_id", "geturl never gave this encrypt_card_id"}
	}
	c, found := p.world.Cards.Find(id)
	if !found && p.world.Cards.Springs(id) { // forgotten by a reset, which a gateway with a cache does not learn of
		for _, a := range p.world.Accounts.All() {
			if accounts.Biz(a.ID) == number {
				c, found = p.world.Cards.Spring(a.ID, id), true
				break
			}
		}
	}
	switch {
	case !found || c.Status == cards.Deleted:
		return nil, &Refused{TextParameter, "encrypt_card_id", "the card is gone"}
	case number != accounts.Biz(c.App):
		return nil, &Refused{TextParameter, "biz", "biz is not that of the card's account"}
	case !c.OneTap():
		return nil, &Refused{TextParameter, "wx_activate", "the card has no wx_activate any more"}
	case c.Form == nil:
		return nil, &Refused{TextParameter, "form", "the card has no form: call /card/membercard/activateuserform/set"}
	}
	return c, nil
}

// memberOf gives the user's card of that kind, one that is not active if he has several.
func (p *phone) memberOf(c *cards.Card) *codes.Held {
	var found *codes.Held
	for _, held := range p.world.Codes.All() {
		if held.Card == c && held.User == p.user && held.Status == codes.Normal && (found == nil || !held.Active) {
			found = held
		}
	}
	return found
}
