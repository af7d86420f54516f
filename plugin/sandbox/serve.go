package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/api"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/control"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/events"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/open"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/page"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/scanpage"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// ownPrefix begins the paths that WeChat does not have.
const ownPrefix = "/_sandbox/"

// ElsewhereRefused is the member error of what other machines are answered with 403, below /_sandbox/.
const ElsewhereRefused = "the sandbox is controlled from the same machine only"

// ServeHTTP implements http.Handler.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.world.Now().UTC().Format(http.TimeFormat))
	own, isOwn := strings.CutPrefix(r.URL.Path, ownPrefix)
	switch {
	case isOwn:
		s.serveOwn(w, r, own)
	case page.IsWanted(r):
		page.Serve(w, r, "index.html")
	case scanpage.IsWanted(r):
		s.world.Calls.Add(r.URL.Path)
		scanpage.Serve(s.world, w, r)
	case open.IsWanted(r):
		s.world.Calls.Add(r.URL.Path)
		open.Serve(s.world, w, r)
	default:
		s.serveAPI(w, r)
	}
}

// serveOwn answers below /_sandbox/, to clients on this machine only.
func (s *Sandbox) serveOwn(w http.ResponseWriter, r *http.Request, name string) {
	if !local.IsLoopback(r.RemoteAddr) {
		local.Error(w, http.StatusForbidden, ElsewhereRefused)
		return
	}
	if file, isPage := strings.CutPrefix(name, "page/"); isPage {
		page.Serve(w, r, file)
		return
	}
	const noBrowsers = "of what browsers load, only the sandbox's own page at localhost may control it"
	if local.IsForeign(r) {
		local.Error(w, http.StatusForbidden, noBrowsers)
		return
	}
	method := http.MethodPost
	if name == "calls" || name == "events" {
		method = http.MethodGet
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		local.Error(w, http.StatusMethodNotAllowed, "want "+method)
		return
	}
	if name == "calls" && local.IsUntold(r) {
		local.Error(w, http.StatusForbidden, noBrowsers)
		return
	}
	call, isPhone := strings.CutPrefix(name, "phone/")
	act, isConsole := strings.CutPrefix(name, "component/")
	switch {
	case isConsole:
		s.console.Serve(w, r, act)
	case name == "events":
		events.Serve(s.world, w, r)
	case name == "phone/request":
		s.request.ServeHTTP(w, r)
	case isPhone:
		phone.Serve(s.world, w, r, call)
	default:
		control.Serve(s.world, w, r, name)
	}
}

// serveAPI answers as api.weixin.qq.com would, unless a fault befalls the call.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.world.Calls.Add(r.URL.Path)
	f := s.world.Faults.Hit(r.URL.Path)
	body, bodyErr := wire.ReadBody(w, r) // first of all: the server notices that a client goes only when its body is read
	rec := &exchanges.Recorder{ResponseWriter: w}
	w = rec
	x := s.world.Log.Begin(exchanges.Exchange{
		From: exchanges.Gateway, To: exchanges.WeChat, Method: r.Method, Origin: exchanges.OriginOf(r), Address: r.URL.RequestURI(), Header: r.Header,
		Begin: s.world.Now(), Request: body, Fault: f != nil,
	})
	defer func() { s.world.Log.End(x, rec.Status, rec.Body, nil) }()
	answer := func() any {
		v, err := api.Run(s.world, r, body, bodyErr)
		if err != nil {
			return wire.Refusal(err, s.world.Now())
		}
		return v
	}
	if f == nil && s.replay != nil {
		if status, answer, recorded := s.replay.Answer(r.URL.Path, r.URL.Query(), body); recorded {
			wire.WriteJSON(w, status, json.RawMessage(answer))
			return
		}
	}
	write := func(v any) {
		if sealed, ok := v.(api.Sealed); ok {
			maps.Copy(w.Header(), sealed.Header)
			v = json.RawMessage(sealed.Body)
		}
		wire.Write(w, v)
	}
	if f == nil {
		write(answer())
		return
	}
	var late any
	if f.Execute {
		late = answer()
	}
	if !f.Wait(r.Context()) {
		return // nobody is there any more
	}
	switch {
	case f.Spoils():
		f.Answer(w, s.world.Now())
	case f.Execute:
		write(late)
	default:
		write(answer())
	}
}

// Interface guard
var _ http.Handler = (*Sandbox)(nil)
