package console

import (
	"cmp"
	"context"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
)

// Refusal says what a call for an account is answered.
type Refusal struct {
	AppID   string `json:"app_id"`
	Path    string `json:"path"`    // default: that of api_authorizer_token
	ErrCode int    `json:"errcode"` // 0: what is right
}

// Refuse has calls for one account refused: api_authorizer_token with 61023, or with 42007 where the owner has changed the password; or a call
// with the account's token, with 45009 where its quota is used up.
func (s *Server) Refuse(_ context.Context, q Refusal) (OK, error) {
	if q.AppID == "" {
		return OK{}, errors.New("app_id is missing")
	}
	s.world.Lock()
	defer s.world.Unlock()
	return OK{true}, s.world.Platform.Refuse(q.AppID, cmp.Or(q.Path, platform.RenewPath), q.ErrCode)
}

// Change is what a platform's console changes.
type Change struct {
	Component      string `json:"component"`
	AppSecret      string `json:"app_secret"`
	Token          string `json:"token"`
	EncodingAESKey string `json:"encoding_aes_key"`
}

// Change gives a platform another secret, token or key, from now on.
func (s *Server) Change(_ context.Context, q Change) (OK, error) {
	c, err := s.find(q.Component)
	if err != nil {
		return OK{}, err
	}
	s.world.Lock()
	defer s.world.Unlock()
	return OK{true}, c.Change(q.AppSecret, q.Token, q.EncodingAESKey)
}

// Event is an event of the platform's own.
type Event struct {
	Component string `json:"component"`
	InfoType  string `json:"info_type"` // which has nothing more to say than its name
	XML       string `json:"xml"`       // or the whole event
	Empty     bool   `json:"empty"`     // or an empty body
}

// Event pushes any event now, such as one that nobody knows yet.
func (s *Server) Event(ctx context.Context, q Event) (outbox.Delivery, error) {
	c, err := s.find(q.Component)
	if err != nil {
		return outbox.Delivery{}, err
	}
	e := &platform.Event{Component: c, Kind: q.InfoType, Text: []byte(q.XML)}
	switch {
	case c.EventsURL == "":
		return outbox.Delivery{}, errors.New("the platform has no URL for events")
	case q.Empty:
		e.Text = nil
	case q.XML == "" && q.InfoType == "":
		return outbox.Delivery{}, errors.New("info_type, xml or empty is missing")
	case q.XML == "":
		e.Text = platform.PlainText(c.ID, q.InfoType, s.world.Now())
	}
	return s.courier.Event(ctx, e), nil
}
