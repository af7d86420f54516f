package sandbox

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what the page is told at once.
const (
	maxShownApps    = 10
	maxShownTickets = 3 // of a kind and app
	maxShownCards   = 30
)

// eventsView is what GET /_sandbox/events answers: all that the page shows of the sandbox. Times are milliseconds since 1970.
type eventsView struct {
	Epoch       string           `json:"epoch"` // another one: the sandbox has forgotten everything
	Now         int64            `json:"now"`
	Next        int64            `json:"next"` // what to ask for as since
	Exchanges   []exchangeView   `json:"exchanges"`
	Credentials []credentialView `json:"credentials"`
	Faults      []faultView      `json:"faults"`
	Wallet      []walletView     `json:"wallet"`
}

// exchangeView is an exchange without secrets.
type exchangeView struct {
	ID       int64  `json:"id"`
	Parent   int64  `json:"parent,omitempty"`
	Tap      string `json:"tap,omitempty"`
	From     string `json:"from"`
	To       string `json:"to"`
	Method   string `json:"method"`
	Address  string `json:"address"`
	Begin    int64  `json:"begin"`
	Millis   int64  `json:"millis"`
	Request  string `json:"request"`
	Response string `json:"response"`
	Status   int    `json:"status"`
	Done     bool   `json:"done"`
	Fault    bool   `json:"fault,omitempty"`
	Proxied  bool   `json:"proxied,omitempty"`
	Failure  string `json:"failure,omitempty"`
}

// credentialView is a token or ticket that the sandbox gave out.
type credentialView struct {
	AppID   string `json:"app_id"`
	Kind    string `json:"kind"`             // access_token, api_ticket, jsapi_ticket
	Source  string `json:"source,omitempty"` // of an access_token: stable, classic
	Text    string `json:"text"`             // masked
	Made    int64  `json:"made"`
	Expires int64  `json:"expires"` // as its expires_in said
	Until   int64  `json:"until"`   // no later: when it stops working
}

type faultView struct {
	ID      int64  `json:"id"`
	Path    string `json:"path"`
	Left    int    `json:"left"` // calls; 0: all
	ErrCode int    `json:"errcode"`
	Status  int    `json:"status"`
	Delay   int64  `json:"delay"`
	Drop    bool   `json:"drop"`
}

// walletView is a card that the phone's user has.
type walletView struct {
	cardLook
	Code       string `json:"code"`
	Since      int64  `json:"since"`
	Status     string `json:"status"`
	Active     bool   `json:"active"`
	Membership string `json:"membership_number"`
	Bonus      int    `json:"bonus"`
}

// cardLook is what a phone shows of a card.
type cardLook struct {
	CardID string `json:"card_id"`
	Type   string `json:"card_type"`
	Title  string `json:"title"`
	Brand  string `json:"brand_name"`
	Color  string `json:"color"`
	Sprung bool   `json:"sprung"` // nobody made it: its texts are the sandbox's
}

func (c *card) look() cardLook {
	base, _ := c.body["base_info"].(map[string]any)
	text := func(name string) string {
		v, _ := base[name].(string)
		return v[:min(len(v), maxText)]
	}
	color := text("color")
	if value, known := colors[color]; known {
		color = value
	}
	return cardLook{c.id, c.typ, strings.ToValidUTF8(text("title"), ""), strings.ToValidUTF8(text("brand_name"), ""), color, c.sprung}
}

// serveEvents answers GET /_sandbox/events?since=…: what has happened since an earlier answer, and how things stand.
func (s *Sandbox) serveEvents(w http.ResponseWriter, r *http.Request) {
	if !isLocalName(r.Host) {
		controlError(w, http.StatusForbidden, "the sandbox's page is shown on the same machine only, at localhost")
		return
	}
	since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64) // nothing or nonsense: from the beginning
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, s.events(since))
}

func (s *Sandbox) events(since int64) eventsView {
	list, next := s.log.since(since)
	v := eventsView{Next: next, Exchanges: []exchangeView{}, Faults: []faultView{}, Wallet: []walletView{}}
	s.mu.Lock()
	v.Epoch, v.Now = s.epoch, s.now().UnixMilli()
	var known []string
	v.Credentials, known = s.credentials()
	for _, f := range s.faults {
		v.Faults = append(v.Faults, faultView{f.id, f.Path, f.left, f.ErrCode, f.Status, f.Delay.Milliseconds(), f.Drop})
	}
	v.Wallet = s.wallet()
	s.mu.Unlock()

	for _, x := range list {
		v.Exchanges = append(v.Exchanges, exchangeView{
			x.id, x.parent, x.tap, x.from, x.to, x.method, masked(x.address, known), x.begin.UnixMilli(), x.took.Milliseconds(),
			shown(x.request, known), shown(x.response, known), x.status, x.done, x.fault, x.proxied, x.failure,
		})
	}
	return v
}

func shown(body []byte, known []string) string {
	return masked(strings.ToValidUTF8(string(body), "�"), known)
}

// credentials gives what the page shows of tokens and tickets, and their texts in full, to find them elsewhere.
func (s *Sandbox) credentials() (list []credentialView, texts []string) {
	list = []credentialView{}
	life := s.cfg.ExpiresIn
	add := func(appID, kind, source, text string, made, expires, until time.Time) {
		list = append(list, credentialView{appID, kind, source, mask(text), made.UnixMilli(), expires.UnixMilli(), until.UnixMilli()})
		texts = append(texts, text)
	}
	apps := s.apps.Values()
	for _, a := range apps[max(0, len(apps)-maxShownApps):] {
		for _, t := range []struct {
			name  string
			token *token
		}{
			{"stable", a.stable.previous},
			{"stable", a.stable.current},
			{"classic", a.classic.previous},
			{"classic", a.classic.current},
		} {
			if t.token != nil {
				add(a.id, "access_token", t.name, t.token.text, t.token.expires.Add(-life), t.token.expires, t.token.until)
			}
		}
		for _, kind := range []struct{ name, typ string }{{"api_ticket", cardTicket}, {"jsapi_ticket", jsapiTicket}} {
			tickets := a.tickets[kind.typ]
			for _, t := range tickets[max(0, len(tickets)-maxShownTickets):] {
				add(a.id, kind.name, "", t.text, t.made, t.made.Add(life), t.expires)
			}
		}
	}
	return list, texts
}

// wallet gives the demo user's cards, the latest first.
func (s *Sandbox) wallet() []walletView {
	list := []walletView{}
	for _, held := range s.codes.Values() {
		if held.user != demoUser {
			continue
		}
		list = append(list, walletView{
			held.card.look(), held.code, held.begin.UnixMilli(), held.status, held.active, held.membership, held.bonus,
		})
	}
	slices.SortStableFunc(list, func(a, b walletView) int { return cmp.Compare(b.Since, a.Since) })
	return list[:min(len(list), maxShownCards)]
}

// controlHeal ends a fault, or all of them.
func (s *Sandbox) controlHeal(body []byte) error {
	var req struct {
		ID int64 `json:"id"`
	}
	if err := decodeControl(body, &req); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.ID == 0 {
		s.faults = nil
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(s.faults), func(f *fault) bool { return f.id == req.ID })
	if len(left) == len(s.faults) {
		return errors.New("no fault has this id")
	}
	s.faults = left
	return nil
}
