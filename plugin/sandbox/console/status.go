package console

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/events"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
)

// Status is how platforms stand.
type Status struct {
	Platforms  []events.PlatformView `json:"platforms"`
	Deliveries []outbox.Delivery     `json:"deliveries"` // the latest, oldest first
}

// Status tells how platforms stand, and what became of the latest pushes.
func (s *Server) Status(context.Context, struct{}) (Status, error) {
	s.world.Lock()
	defer s.world.Unlock()
	st := Status{events.Platforms(s.world), s.world.Outbox.Deliveries()}
	if st.Deliveries == nil {
		st.Deliveries = []outbox.Delivery{}
	}
	return st, nil
}
