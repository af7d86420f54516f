// Package consents is what users of mini programs have agreed to be told: subscribe messages (订阅消息), by template. One consent is
// one message. Nothing in it is safe for concurrent use.
package consents

import "github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/lru"

// consent is of one user for one template.
type consent struct {
	app, openid, template string
}

// Store counts the messages that may still be sent.
type Store struct {
	left *lru.Map[consent, int]
}

// New makes a Store in which nobody has agreed to anything.
func New() *Store { return &Store{lru.New[consent, int](lru.MaxRecords)} }

// Give is a user who agrees to one message more.
func (s *Store) Give(app, openid, template string) {
	c := consent{app, openid, template}
	n, _ := s.left.Get(c)
	s.left.Add(c, n+1)
}

// Take uses up a consent; false if there is none.
func (s *Store) Take(app, openid, template string) bool {
	c := consent{app, openid, template}
	n, _ := s.left.Get(c)
	if n == 0 {
		return false
	}
	s.left.Add(c, n-1)
	return true
}
