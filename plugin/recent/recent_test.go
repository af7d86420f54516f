package recent_test

import (
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
)

func TestCache(t *testing.T) {
	c := recent.New[string, int](2)
	if _, ok := c.Get("a"); ok || c.Len() != 0 {
		t.Error("it was empty")
	}
	c.Add("a", 1)
	c.Add("b", 2)
	if v, ok := c.Get("a"); v != 1 || !ok {
		t.Errorf("got %d, %v", v, ok)
	}
	c.Add("c", 3)
	if _, ok := c.Get("b"); ok || c.Len() != 2 {
		t.Errorf("%d are remembered; the one that was used first is, %v", c.Len(), ok)
	}
}

// However many begin at the same time, nothing that was added is lost.
func TestFirstUse(t *testing.T) {
	for range 100 {
		c := recent.New[int, int](64)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { c.Add(i, i) })
		}
		wg.Wait()
		if c.Len() != 8 {
			t.Fatalf("%d of 8 are remembered", c.Len())
		}
	}
}
