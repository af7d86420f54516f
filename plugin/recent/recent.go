// Package recent remembers what was used last, so many things and no more. What nobody has put anything into takes no memory: a
// process may have ten thousand accounts, and few of them use all that an account can do.
package recent

import (
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Cache remembers values by keys. Any number of goroutines may use it.
type Cache[K comparable, V any] struct {
	most int
	lru  atomic.Pointer[lru.Cache[K, V]] // nil: it has been empty so far
}

// New makes a Cache of most values; most is greater than 0.
func New[K comparable, V any](most int) *Cache[K, V] { return &Cache[K, V]{most: most} }

// Get gives the value of a key, which was used then.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	if kept := c.lru.Load(); kept != nil {
		return kept.Get(key)
	}
	return value, false
}

// Add remembers the value of a key. Past the bound it forgets what has not been used for the longest.
func (c *Cache[K, V]) Add(key K, value V) {
	kept := c.lru.Load()
	if kept == nil {
		made, _ := lru.New[K, V](c.most) // fails only for a size below 1
		c.lru.CompareAndSwap(nil, made)
		kept = c.lru.Load()
	}
	kept.Add(key, value)
}

// Remove forgets the value of a key.
func (c *Cache[K, V]) Remove(key K) {
	if kept := c.lru.Load(); kept != nil {
		kept.Remove(key)
	}
}

// Len is how many values are remembered.
func (c *Cache[K, V]) Len() int {
	if kept := c.lru.Load(); kept != nil {
		return kept.Len()
	}
	return 0
}
