// Package chats is what users have written to accounts, and what these have answered by customer-service messages (客服消息). Nothing in it
// is safe for concurrent use.
package chats

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const (
	window     = 48 * time.Hour // in which an account may answer a user
	maxReplies = 200            // that are remembered
)

// Reply is what an account wrote to a user.
type Reply struct {
	AppID, OpenID string
	Component     string // the third-party platform that did it; "": the account itself
	Text          string
	At            time.Time
}

type chat struct{ app, openid string }

// Store is all chats.
type Store struct {
	spoke   *lru.Map[chat, time.Time]
	replies []Reply
}

// New makes a Store in which nobody has written.
func New() *Store { return &Store{spoke: lru.New[chat, time.Time](lru.MaxRecords)} }

// Spoke notes that a user has written to an account.
func (s *Store) Spoke(app, openid string, now time.Time) { s.spoke.Add(chat{app, openid}, now) }

// Send is an account that writes to a user, which it may for two days after he did. It fails with WeChat's refusal.
func (s *Store) Send(r Reply) error {
	spoke, found := s.spoke.Get(chat{r.AppID, r.OpenID})
	if !found || r.At.Sub(spoke) >= window {
		return wire.ErrTooLate
	}
	if len(s.replies) >= maxReplies {
		s.replies = append([]Reply(nil), s.replies[maxReplies/2:]...)
	}
	s.replies = append(s.replies, r)
	return nil
}

// Replies gives what an account wrote to a user, oldest first.
func (s *Store) Replies(app, openid string) (list []Reply) {
	for _, r := range s.replies {
		if r.AppID == app && r.OpenID == openid {
			list = append(list, r)
		}
	}
	return list
}
