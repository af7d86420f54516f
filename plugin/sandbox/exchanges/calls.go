package exchanges

import (
	"maps"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// MaxPaths is how many paths are counted, of at most wire.MaxText characters.
const MaxPaths = 1_000

// Calls counts the calls of the API by path. The zero value is a good one; it is safe for concurrent use.
type Calls struct {
	mu     sync.Mutex
	counts map[string]int
}

// Add counts a call.
func (c *Calls) Add(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	if _, known := c.counts[path]; known || len(c.counts) < MaxPaths && len(path) <= wire.MaxText {
		c.counts[path]++
	}
}

// Counts gives a copy of the counts; it is never nil.
func (c *Calls) Counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		return make(map[string]int)
	}
	return maps.Clone(c.counts)
}

// Forget begins to count anew.
func (c *Calls) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = nil
}
