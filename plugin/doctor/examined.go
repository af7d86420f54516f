package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// cardFacts is what a card's data has to say about whether it will do.
type cardFacts struct {
	BaseInfo struct {
		Title             string `json:"title"`
		Status            string `json:"status"`
		CreateTime        int64  `json:"create_time"`
		UseCustomCode     bool   `json:"use_custom_code"`
		GetCustomCodeMode string `json:"get_custom_code_mode"`
		BindOpenID        bool   `json:"bind_openid"`
		SKU               *struct {
			Quantity      int64 `json:"quantity"`
			TotalQuantity int64 `json:"total_quantity"`
		} `json:"sku"`
		DateInfo struct {
			Type string `json:"type"`
			End  int64  `json:"end_timestamp"`
		} `json:"date_info"`
	} `json:"base_info"`
	WXActivate   bool   `json:"wx_activate"`
	AfterSubmit  bool   `json:"wx_activate_after_submit"`
	AfterURL     string `json:"wx_activate_after_submit_url"`
	AutoActivate bool   `json:"auto_activate"`
	ActivateURL  string `json:"activate_url"`
}

const (
	memberCardType = "MEMBER_CARD"
	depositMode    = "GET_CUSTOM_CODE_MODE_DEPOSIT"
	fixedTerm      = "DATE_TYPE_FIX_TERM"
	fixedRange     = "DATE_TYPE_FIX_TIME_RANGE"
)

// examined is a card that is being looked at.
type examined struct {
	card  cards.Card
	facts cardFacts
	now   time.Time // by WeChat's clock
	both  bool      // a route signs it for wx.addCard
	say   func(verdict Verdict, todo, format string, args ...any)
}

// exists tells what the card is and in which state.
func (c examined) exists() {
	status := c.facts.BaseInfo.Status
	what := c.card.Type
	if title := c.facts.BaseInfo.Title; title != "" {
		what += " " + title
	}
	switch {
	case status == "CARD_STATUS_NOT_VERIFY":
		c.say(Warning, "wait for the event card_pass_check; until then only users of the test white list get it (caddy wechat-card whitelist add)",
			"%s, in review", what)
	case strings.HasPrefix(status, "CARD_STATUS_VERIFY_FA"): // FAIL or, as some have it, FALL
		c.say(Wrong, "the event card_not_pass_check and the console say why; mend it and update the card", "%s, refused in review", what)
	case strings.Contains(status, "DELETE"):
		c.say(Wrong, "make another card and put its id into the configuration", "%s, deleted", what)
	case c.facts.BaseInfo.DateInfo.Type == fixedRange && c.facts.BaseInfo.DateInfo.End > 0 && c.now.Unix() >= c.facts.BaseInfo.DateInfo.End:
		c.say(Wrong, "give it a later end, or make another card", "%s, ended on %s", what, day(c.facts.BaseInfo.DateInfo.End))
	default:
		c.say(Fine, "", "%s, %s", what, status)
	}
}

// day is a time as people say it, by WeChat's clocks.
func day(seconds int64) string {
	return time.Unix(seconds, 0).In(wechat.Zone).Format("2006-01-02 15:04 -0700")
}

func (c examined) stock() {
	sku := c.facts.BaseInfo.SKU
	switch {
	case sku == nil:
	case sku.Quantity <= 0:
		c.say(Wrong, "raise the stock with /card/modifystock or in the console", "out of stock: phones show 已领完")
	case sku.Quantity < sku.TotalQuantity/20:
		c.say(Warning, "raise the stock with /card/modifystock or in the console", "%d of %d are left", sku.Quantity, sku.TotalQuantity)
	default:
		c.say(Fine, "", "%d in stock", sku.Quantity)
	}
}

// created tells since when the card is there. Whether that is too early nobody but the operator knows.
func (c examined) created(uses []CardUse) {
	adds := false
	for _, use := range uses {
		adds = adds || use.Adds
	}
	if at := c.facts.BaseInfo.CreateTime; adds && at > 0 {
		c.say(Fine, "compare: a card from before official account and mini program were bound at open.weixin.qq.com cannot be added in the mini program, as users report; make it anew then",
			"made on %s", day(at))
	}
}

// added holds what a route signs against what the card takes.
func (c examined) added(use CardUse) {
	base := &c.facts.BaseInfo
	const wrongParameters = "phones show 参数错误"
	deposit := base.UseCustomCode && base.GetCustomCodeMode == depositMode
	n := 0
	say := func(todo, format string, args ...any) {
		n++
		c.say(Wrong, todo, use.Action+": "+format+"; "+wrongParameters, args...)
	}
	switch {
	case base.UseCustomCode && !deposit && use.Code == Never:
		say("configure code for the card, or accept it", "a card with custom codes (use_custom_code) needs a code, which the route never sends")
	case deposit && use.Code == Always:
		say("take code out of the card's block", "WeChat hands out the imported codes of this card, but the route sends a code")
	case !base.UseCustomCode && use.Code == Always:
		say("take code out of the card's block", "the card has WeChat's own codes, but the route sends a code")
	}
	switch {
	case base.BindOpenID && use.OpenID == Never:
		say("configure openid for the card, or accept it; the actions login and oauth find out whose it is", "a card with bind_openid needs an openid, which the route never sends")
	case !base.BindOpenID && use.OpenID == Always:
		say("take openid out of the card's block", "the card is not bound to users (bind_openid), but the route sends an openid")
	}
	if t := base.DateInfo.Type; use.FixedBegin == Always && t != "" && t != fixedTerm {
		c.say(Warning, "take fixed_begintimestamp out of the card's block",
			"%s: fixed_begintimestamp is for cards whose validity is counted in days (%s), and this is %s", use.Action, fixedTerm, t)
		n++
	}
	if n == 0 {
		c.say(Fine, "", "%s: it sends what the card takes (%s)", use.Action, c.codeMode())
	}
}

// codeMode says whose codes the card has, and whether it is bound to users.
func (c examined) codeMode() string {
	mode := "WeChat's codes"
	if c.facts.BaseInfo.UseCustomCode {
		mode = "custom codes"
		if c.facts.BaseInfo.GetCustomCodeMode == depositMode {
			mode = "imported codes"
		}
	}
	if c.facts.BaseInfo.BindOpenID {
		mode += ", bound to one user"
	}
	return mode
}

// component holds a card against what WeChat's member-card component wants.
func (c examined) component(use CardUse) {
	f := &c.facts
	switch {
	case c.card.Type != memberCardType && c.both: // as on a line of cards, which is for both
		c.say(Fine, "", "%s: not for this card, which is no member card", use.Action)
	case c.card.Type != memberCardType:
		c.say(Wrong, "list member cards only", "%s: the component is for member cards (72003)", use.Action)
	case f.BaseInfo.UseCustomCode:
		c.say(Wrong, "make a member card without use_custom_code, or hand this one out with add_card",
			"%s: the component takes no card with codes of one's own (40158)", use.Action)
	case !f.WXActivate:
		c.say(Wrong, "set wx_activate by caddy wechat-card card update, then the form by caddy wechat-card form set",
			"%s: the card is not one-tap (wx_activate), which the component needs (45030)", use.Action)
	case f.AutoActivate || f.ActivateURL != "":
		c.say(Wrong, "make the card without auto_activate and activate_url", "%s: auto_activate or activate_url makes wx_activate void", use.Action)
	case f.AfterURL == "":
		c.say(Warning, `set wx_activate_after_submit to true and wx_activate_after_submit_url to a URL with a query, if the mini program is to learn that the card was activated`,
			"%s: the component returns nothing to the mini program, no activate_ticket and no code", use.Action)
	case !f.AfterSubmit:
		c.say(Warning, "set wx_activate_after_submit to true", "%s: there is a wx_activate_after_submit_url, but wx_activate_after_submit is not set", use.Action)
	case !strings.Contains(f.AfterURL, "?"):
		c.say(Warning, "put a query into wx_activate_after_submit_url: ?from=wechat for example",
			"%s: WeChat appends &card_id=… to wx_activate_after_submit_url, which has no ?", use.Action)
	default:
		c.say(Fine, "", "%s: one-tap, and returns activate_ticket, card_id and code", use.Action)
	}
}

// jumps looks at where the card leads.
func (c examined) jumps() {
	var to []string
	for _, e := range cards.Entries {
		t := c.card.Target(e)
		if t == (cards.Target{}) {
			continue
		}
		if fault := t.Fault(); fault != "" {
			c.say(Wrong, "set both with caddy wechat-card jump", "%s: %s", e.Name, fault)
			continue
		}
		if e.Title != "" && c.card.Text(e.Title) == "" {
			c.say(Warning, fmt.Sprintf("set %s, with caddy wechat-card jump --%s-title for example", e.Title, e.Name),
				"%s leads to %s, but has no text (%s) to be shown", e.Name, t.Pass, e.Title)
			continue
		}
		to = append(to, fmt.Sprintf("%s to %s", e.Name, t.Pass))
	}
	if len(to) > 0 {
		c.say(Fine, "", "leads into a mini program: %s", strings.Join(to, ", "))
		return
	}
	for _, e := range cards.Entries {
		if c.card.Target(e) != (cards.Target{}) {
			return // something was said of it
		}
	}
	c.say(Warning, "if it should, set that with caddy wechat-card jump", "no entry of the card leads into a mini program")
}
