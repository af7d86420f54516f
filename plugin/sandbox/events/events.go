// Package events is what the page is told: exchanges, credentials, faults, the wallet, the visitor of web pages.
package events

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// View is what GET /_sandbox/events answers: all that the page shows of the sandbox. Times are milliseconds since 1970.
type View struct {
	Epoch       string           `json:"epoch"` // another one: the sandbox has forgotten everything
	Now         int64            `json:"now"`
	Next        int64            `json:"next"` // what to ask for as since
	Exchanges   []ExchangeView   `json:"exchanges"`
	Credentials []CredentialView `json:"credentials"`
	Faults      []FaultView      `json:"faults"`
	Wallet      []WalletView     `json:"wallet"`
	Visitor     oauth.Mood       `json:"visitor"`
	Platforms   []PlatformView   `json:"platforms"`
}

// ExchangeView is an exchange without secrets.
type ExchangeView struct {
	ID      int64  `json:"id"`
	Parent  int64  `json:"parent,omitempty"`
	Tap     string `json:"tap,omitempty"`
	From    string `json:"from"`
	To      string `json:"to"`
	Method  string `json:"method"`
	Origin  string `json:"origin,omitempty"` // scheme and host, where something was sent over a network
	Address string `json:"address"`
	// Header is the request's, as names and values.
	Header [][2]string `json:"header,omitempty"`
	// Curl is the request as a command for a shell, "" where it cannot be had.
	Curl     string `json:"curl,omitempty"`
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

// FaultView is a fault that waits.
type FaultView struct {
	ID      int64  `json:"id"`
	Path    string `json:"path"`
	Left    int    `json:"left"` // calls; 0: all
	ErrCode int    `json:"errcode"`
	Status  int    `json:"status"`
	Delay   int64  `json:"delay"`
	Drop    bool   `json:"drop"`
}

// Serve answers GET /_sandbox/events?since=…: what has happened since an earlier answer, and how things stand.
func Serve(world *world.World, w http.ResponseWriter, r *http.Request) {
	if !local.IsName(r.Host) {
		local.Error(w, http.StatusForbidden, "the sandbox's page is shown on the same machine only, at localhost")
		return
	}
	since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64) // nothing or nonsense: from the beginning
	w.Header().Set("Cache-Control", "no-store")
	wire.WriteJSON(w, http.StatusOK, view(world, since))
}

func view(w *world.World, since int64) View {
	list, next := w.Log.Since(since)
	v := View{Next: next, Exchanges: []ExchangeView{}, Faults: []FaultView{}, Wallet: []WalletView{}}
	w.Lock()
	v.Epoch, v.Now = w.Epoch, w.Now().UnixMilli()
	var known []string
	v.Credentials, known = credentials(w)
	for _, f := range w.Faults.All() {
		v.Faults = append(v.Faults, FaultView{f.ID, f.Path, f.Left, f.ErrCode, f.Status, f.Delay.Milliseconds(), f.Drop})
	}
	v.Wallet = wallet(w.Codes)
	v.Visitor = w.OAuth.Mood
	v.Platforms = Platforms(w)
	w.Unlock()

	for _, x := range list {
		v.Exchanges = append(v.Exchanges, ExchangeView{
			x.ID, x.Parent, x.Tap, x.From, x.To, x.Method, x.Origin, exchanges.Masked(x.Address, known), exchanges.MaskedHeader(x.Header, known),
			exchanges.Curl(&x, known), x.Begin.UnixMilli(), x.Took.Milliseconds(),
			shown(x.Request, known), shown(x.Response, known), x.Status, x.Done, x.Fault, x.Proxied, x.Failure,
		})
	}
	return v
}

func shown(body []byte, known []string) string {
	if kind := http.DetectContentType(body); strings.HasPrefix(kind, "image/") {
		return "(" + kind + ")"
	}
	return exchanges.Masked(strings.ToValidUTF8(string(body), "�"), known)
}
