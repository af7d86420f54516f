// Package console is what is done to a third-party platform in the sandbox: by WeChat, which pushes tickets or stops doing so, by the
// accounts that authorise it or take that back, by users who write to these, and by the test before it is published.
package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/courier"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/tester"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// Server does it.
type Server struct {
	world   *world.World
	courier *courier.Courier
}

// New makes a Server.
func New(w *world.World, c *courier.Courier) *Server { return &Server{w, c} }

// acts are what can be done, by the last part of the path.
var acts = map[string]func(s *Server, ctx context.Context, body []byte) (any, error){
	"push":     act((*Server).PushTicket),
	"stop":     act((*Server).Stop),
	"revoke":   act((*Server).Revoke),
	"deliver":  act((*Server).Deliver),
	"merchant": act((*Server).PutMerchant),
	"scan":     act((*Server).Scan),
	"cancel":   act((*Server).Cancel),
	"change":   act((*Server).Change),
	"event":    act((*Server).Event),
	"refuse":   act((*Server).Refuse),
	"message":  act((*Server).Message),
	"test":     act((*Server).Test),
	"status":   act((*Server).Status),
}

// act reads what is asked for.
func act[Q, A any](run func(s *Server, ctx context.Context, q Q) (A, error)) func(*Server, context.Context, []byte) (any, error) {
	return func(s *Server, ctx context.Context, body []byte) (any, error) {
		var q Q
		if err := local.Decode(body, &q); err != nil {
			return nil, err
		}
		return run(s, ctx, q)
	}
}

// Serve answers below /_sandbox/component/, where name is the last part of the path.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, name string) {
	run, known := acts[name]
	if !known {
		local.Error(w, http.StatusNotFound, "no such control: there are "+strings.Join(slices.Sorted(maps.Keys(acts)), ", "))
		return
	}
	var answer any
	body, err := wire.ReadBody(w, r)
	if err == nil {
		answer, err = run(s, r.Context(), body)
	}
	if err != nil {
		local.Error(w, http.StatusBadRequest, err.Error())
		return
	}
	wire.WriteJSON(w, http.StatusOK, answer)
}

// Whose names a platform; "": the only one.
type Whose struct {
	Component string `json:"component"`
}

// find gives a platform.
func (s *Server) find(id string) (*platform.Component, error) {
	s.world.Lock()
	defer s.world.Unlock()
	c, found := s.world.Platform.Component(id)
	switch {
	case !found && id == "":
		return nil, errors.New("component is missing: there is not just one")
	case !found:
		return nil, fmt.Errorf("there is no component %q", id)
	}
	return c, nil
}

// PushTicket pushes a new ticket now.
func (s *Server) PushTicket(ctx context.Context, q Whose) (outbox.Delivery, error) {
	c, err := s.find(q.Component)
	if err != nil {
		return outbox.Delivery{}, err
	}
	if c.EventsURL == "" {
		return outbox.Delivery{}, errors.New("the platform has no URL for events")
	}
	return s.courier.Ticket(ctx, c), nil
}

// OK is the answer where there is nothing to tell.
type OK struct {
	OK bool `json:"ok"`
}

// Stop has WeChat push no tickets any more, until the platform asks for it.
func (s *Server) Stop(_ context.Context, q Whose) (OK, error) {
	return s.set(q.Component, func(c *platform.Component) { c.Stopped = true })
}

// Revoke ends a component_access_token before its time.
func (s *Server) Revoke(_ context.Context, q Whose) (OK, error) {
	return s.set(q.Component, (*platform.Component).Revoke)
}

func (s *Server) set(id string, change func(*platform.Component)) (OK, error) {
	c, err := s.find(id)
	if err != nil {
		return OK{}, err
	}
	s.world.Lock()
	defer s.world.Unlock()
	change(c)
	return OK{true}, nil
}

// Deliver pushes what is due, in a sandbox that does not do so by itself.
func (s *Server) Deliver(ctx context.Context, _ struct{}) ([]outbox.Delivery, error) {
	list := s.courier.Deliver(ctx)
	if list == nil {
		list = []outbox.Delivery{}
	}
	return list, nil
}

// PutMerchant makes an account known that may authorise platforms.
func (s *Server) PutMerchant(_ context.Context, m platform.Merchant) (*platform.Merchant, error) {
	s.world.Lock()
	defer s.world.Unlock()
	return s.world.Platform.PutMerchant(m)
}

// Scan is a merchant who scans and agrees.
type Scan struct {
	Component string `json:"component"`
	AppID     string `json:"app_id"`
	// Sets are the permission sets that are granted; default: all.
	Sets []int `json:"sets"`
	// Request is a visit of WeChat's page that waits; default: nobody has opened one, and the code is answered instead.
	Request string `json:"request"`
	// Exchanged says that the code was exchanged long ago: no event is pushed, and api_get_authorizer_list has the refresh token.
	Exchanged bool `json:"exchanged"`
}

// Scanned is what comes of it.
type Scanned struct {
	Code      string `json:"auth_code,omitempty"`
	ExpiresIn int    `json:"expires_in,omitempty"`
	To        string `json:"to,omitempty"` // where WeChat's page goes
}

// Scan has a merchant scan and agree.
func (s *Server) Scan(_ context.Context, q Scan) (Scanned, error) {
	if q.Request != "" {
		return s.confirm(q)
	}
	c, err := s.find(q.Component)
	if err != nil {
		return Scanned{}, err
	}
	w := s.world
	w.Lock()
	defer w.Unlock()
	if q.Exchanged {
		return Scanned{}, w.Platform.GrantExchanged(c, q.AppID, q.Sets, w.Now())
	}
	granted, err := w.Platform.Grant(c, q.AppID, q.Sets, "", w.Now())
	if err != nil {
		return Scanned{}, err
	}
	w.Push(granted.Event)
	return Scanned{Code: granted.Code, ExpiresIn: int(c.CodeLife / time.Second)}, nil
}

// confirm answers a visit of WeChat's page.
func (s *Server) confirm(q Scan) (Scanned, error) {
	w := s.world
	w.Lock()
	defer w.Unlock()
	sc, found := w.Platform.Scan(q.Request)
	if !found {
		return Scanned{}, errors.New("no such request waits")
	}
	event, err := w.Platform.Confirm(sc, q.AppID, q.Sets, w.Now())
	if err != nil {
		return Scanned{}, err
	}
	w.Push(event)
	return Scanned{To: sc.To}, nil
}

// Of names a platform and an account.
type Of struct {
	Component string `json:"component"`
	AppID     string `json:"app_id"`
}

// Cancel has an account take its authorisation back.
func (s *Server) Cancel(_ context.Context, q Of) (OK, error) {
	c, err := s.find(q.Component)
	if err != nil {
		return OK{}, err
	}
	s.world.Lock()
	defer s.world.Unlock()
	event, err := s.world.Platform.Cancel(c, q.AppID, s.world.Now())
	if err != nil {
		return OK{}, err
	}
	s.world.Push(event)
	return OK{true}, nil
}

// Message is what a user writes to an account, or an event of it.
type Message struct {
	Component string `json:"component"`
	AppID     string `json:"app_id"`
	User      string `json:"user"`  // default: demo
	Text      string `json:"text"`  // what he writes
	Event     string `json:"event"` // or the name of an event
	XML       string `json:"xml"`   // or the whole message
}

// Message pushes a message of an account, and gives the answer, opened.
func (s *Server) Message(ctx context.Context, q Message) (courier.Answer, error) {
	c, err := s.find(q.Component)
	if err != nil {
		return courier.Answer{}, err
	}
	w := s.world
	w.Lock()
	m, err := w.Platform.Merchant(q.AppID)
	if err != nil {
		w.Unlock()
		return courier.Answer{}, err
	}
	user := q.User
	if user == "" {
		user = users.Demo
	}
	openid, now := w.Users.OpenID(q.AppID, user), w.Now()
	w.Chats.Spoke(q.AppID, openid, now)
	w.Unlock()
	var text []byte
	switch {
	case q.XML != "":
		text = []byte(q.XML)
	case q.Event != "":
		text = platform.EventText(m, openid, q.Event, now)
	case q.Text != "":
		text = platform.MessageText(m, openid, q.Text, rand.Int64(), now) //nolint:gosec // an id
	default:
		return courier.Answer{}, errors.New("text, event or xml is missing")
	}
	return s.courier.Message(ctx, c, m, openid, text), nil
}

// Test runs the test before 全网发布.
func (s *Server) Test(ctx context.Context, q tester.Options) (tester.Report, error) {
	c, err := s.find(q.Component)
	if err != nil {
		return tester.Report{}, err
	}
	return tester.Run(ctx, s.world, s.courier, c, q)
}
