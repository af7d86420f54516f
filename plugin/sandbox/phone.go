package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// The phone takes what a mini program passes to wx.addCard, wx.openCard and wx.navigateToMiniProgram, as it is, and does
// what the WeChat client would. Whose phone it is, the query parameters say: appId is the mini program that runs, openid
// that of its user there. Without them it is the phone of whoever the call is about, by the openid in a cardExt or the
// code of a card, else the demo user's.
//
// It always answers with HTTP 200. A refusal has WeChat's errMsg, and beside it what a real phone keeps to itself: a
// reason that does not change, and a detail for people.

// What WeChat shows to the user.
const (
	textSignature = "签名错误"
	textParameter = "参数错误"
	textSoldOut   = "已领完"
	textReview    = "卡券审核中"
	textNoTap     = "can only be invoked by user TAP gesture"
)

// refused is what the phone answers instead.
type refused struct {
	ErrMsg string `json:"errMsg"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// phone is the phone of one user, for one call.
type phone struct {
	now    time.Time
	user   string
	openID string // "": not said
	app    string // the mini program that runs; "": not said
	anyone bool   // nothing has said yet whose phone it is
}

// phoneCalls are the client's calls, by the last part of the path.
var phoneCalls = map[string]struct {
	name string // as errMsg names it
	run  func(s *Sandbox, p *phone, body []byte) (any, *refused)
}{
	"addCard":       {"addCard", (*Sandbox).addCard},
	"openCard":      {"openCard", (*Sandbox).openCard},
	"openComponent": {"navigateToMiniProgram", (*Sandbox).openComponent},
	"showComponent": {"navigateToMiniProgram", (*Sandbox).showComponent},
}

// usePhone makes one call of the client.
func (s *Sandbox) usePhone(name string, query url.Values, body []byte) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	pc := phoneCalls[name]
	answer, no := pc.run(s, s.phone(query), body)
	if no != nil {
		no.ErrMsg = pc.name + ":fail " + no.ErrMsg
		return no
	}
	return answer
}

func (s *Sandbox) phone(query url.Values) *phone {
	p := &phone{now: s.now(), user: demoUser, openID: query.Get("openid"), app: query.Get("appId")}
	switch {
	case p.openID != "":
		p.user = s.whose(p.openID, p.app)
	case p.app != "":
		p.openID = s.openID(p.app, p.user)
	default:
		p.anyone = true
	}
	return p
}

// whose gives the user of an openid, somebody new if nobody has it.
func (s *Sandbox) whose(openid, app string) string {
	known, found := s.people.Get(openid)
	if !found {
		known = person{openid, app} // who is called so
		s.people.Add(openid, known)
	}
	return known.user
}

// is says whether openid is that of the phone's user: in the mini program that runs, when it is known which. A phone of
// anyone's is that user's from then on.
func (s *Sandbox) is(p *phone, openid string) bool {
	if p.openID != "" {
		return openid == p.openID
	}
	user := s.whose(openid, "")
	if p.anyone {
		p.user, p.anyone = user, false
	}
	return user == p.user
}

func (s *Sandbox) openCard(p *phone, body []byte) (any, *refused) {
	var req struct {
		Cards []struct {
			CardID string `json:"cardId"`
			Code   string `json:"code"`
		} `json:"cardList"`
	}
	if err := json.Unmarshal(body, &req); err != nil || len(req.Cards) == 0 {
		return nil, &refused{textParameter, "card_list", "want {\"cardList\":[{\"cardId\",\"code\"}]} with strings"}
	}
	for _, item := range req.Cards {
		c, found := s.cards.Get(item.CardID)
		if !found {
			return nil, &refused{textParameter, "card_id", "this user has no such card"}
		}
		if len(item.Code) > maxCode {
			return nil, &refused{textParameter, "encrypted_code", "the code is encrypted: wx.openCard takes what /card/code/decrypt makes of it"}
		}
		held, found := s.codes.Get(c.key(item.Code))
		if found && p.anyone {
			p.user, p.anyone = held.user, false
		}
		switch {
		case !found || held.card != c:
			return nil, &refused{textParameter, "code", "this card was never given out with this code"}
		case held.user != p.user:
			return nil, &refused{textParameter, "code", "another user has the card with this code"}
		case held.status == userCardDeleted || held.status == userCardUnavailable:
			return nil, &refused{textParameter, "status", "the user's card is " + held.status}
		}
	}
	return struct {
		ErrMsg string `json:"errMsg"`
	}{"openCard:ok"}, nil
}

// handOut gives a user a card. An empty code lets WeChat choose one.
func (s *Sandbox) handOut(p *phone, c *card, code string) *userCard {
	switch {
	case code != "":
	case c.deposit():
		code, c.deposited = c.deposited[0], c.deposited[1:]
	default:
		code = s.newCode(c)
	}
	c.quantity--
	held := &userCard{code: code, card: c, user: p.user, begin: p.now, status: userCardNormal}
	s.codes.Add(c.key(code), held)
	return held
}

// mayHave says why a user cannot have n more of a card.
func (s *Sandbox) mayHave(p *phone, c *card, n int) *refused {
	switch {
	case c.status == statusInReview:
		return &refused{textReview, "status", "the card is in review; POST /_sandbox/review ends that"}
	case c.status != statusApproved && c.status != "CARD_STATUS_DISPATCH" && c.status != "CARD_STATUS_USER_DISPATCH":
		return &refused{textParameter, "status", "the card is " + c.status}
	case c.quantity < n:
		return &refused{textSoldOut, "stock", "no stock is left"}
	case c.deposit() && len(c.deposited) < n:
		return &refused{textSoldOut, "stock", "no imported code is left"}
	}
	if most := c.BaseInfo.GetLimit; most > 0 && s.has(p, c)+n > most {
		return &refused{textSoldOut, "get_limit", "the user has as many of this card as get_limit lets him have"}
	}
	return nil
}

// has counts how often the user has got a card.
func (s *Sandbox) has(p *phone, c *card) (n int) {
	for _, held := range s.codes.Values() {
		if held.card == c && held.user == p.user {
			n++
		}
	}
	return n
}

// servePhone answers below /_sandbox/phone/.
func (s *Sandbox) servePhone(w http.ResponseWriter, r *http.Request, name string) {
	if name == "request" {
		s.servePhoneRequest(w, r)
		return
	}
	pc, known := phoneCalls[name]
	if !known {
		controlError(w, http.StatusNotFound, "no such call of the client")
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		controlError(w, http.StatusRequestEntityTooLarge, "the body is too large or broke off")
		return
	}
	call := "wx." + pc.name
	if name == "openComponent" {
		call = "App.onShow" // what the mini program sees of it
	}
	x := s.log.begin(exchange{from: thePhone, to: thePhone, method: call, address: name, begin: s.now(), request: body, tap: tapOf(r)})
	answer := s.usePhone(name, r.URL.Query(), body)
	s.log.end(x, http.StatusOK, encode(answer), nil)
	writeJSON(w, http.StatusOK, answer)
}
