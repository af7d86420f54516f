package answer

import (
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// Scratch is the memory that one request needs.
type Scratch struct {
	Request request.Cards
	Exts    []card.Ext
	Body    []byte
}

var scratchPool = sync.Pool{New: func() any { return new(Scratch) }}

// GetScratch gives memory for one request. Free must be called when the answer is written.
func GetScratch() *Scratch { return scratchPool.Get().(*Scratch) }

// Free gives the memory back. Nothing of the request stays in it.
func (s *Scratch) Free() {
	if cap(s.Body) > bodies.Max {
		return // rare, and would stay as large for good
	}
	s.Request.Reset()
	clear(s.Exts)
	s.Exts = s.Exts[:0]
	s.Body = s.Body[:0]
	scratchPool.Put(s)
}
