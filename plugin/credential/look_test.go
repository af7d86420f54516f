package credential

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// othersCache is where somebody else keeps a token: it says when to look again, and nothing else.
type othersCache struct {
	mu    sync.Mutex
	token string // empty: the key is missing
	look  time.Duration
	reads int
}

func (c *othersCache) set(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token
}

// had tells how often it was read since that was asked last.
func (c *othersCache) had() (reads int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reads, c.reads = c.reads, 0
	return reads
}

func (c *othersCache) node(t *testing.T, store Store) *node {
	t.Helper()
	n := &node{Keepers: NewKeepers(ID{AppID: "wx0123456789abcdef", Source: "redis"})}
	var err error
	n.env, err = NewEnv(EnvConfig{
		Fetch: func(context.Context, Kind, bool) (wechat.Grant, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.reads++
			if c.token == "" {
				return wechat.Grant{}, &wechat.Error{API: "redis_token", Err: context.Canceled}
			}
			return wechat.Grant{Value: c.token, Lifetime: 2 * time.Hour, Requested: time.Now(), Look: c.look}, nil
		},
		Store: store, Secret: "s", Sources: map[Kind]Source{AccessToken: "redis"},
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Start(n.env, AccessToken)
	t.Cleanup(func() { n.Stop(n.env) })
	return n
}

// TestLookAgain follows a token that its owner replaces whenever it likes.
func TestLookAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &othersCache{token: "first", look: time.Minute}
		store := newStore()
		nodes := []*node{c.node(t, store), c.node(t, store)}
		want := func(after time.Duration, text string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			for i, n := range nodes {
				if got := n.get(t, AccessToken); got != text {
					t.Errorf("node %d has %s, want %s", i, got, text)
				}
			}
		}
		want(0, "first")
		c.set("second")
		want(59*time.Second, "first")
		want(11*time.Second, "second") // the second node reads the store behind the first
		if text, left := nodes[0].lend(t, AccessToken); text != "second" || left > time.Minute {
			t.Errorf("lent %s for %v", text, left)
		}
		c.had()
		want(30*time.Minute, "second")
		if n := c.had(); n < 25 || n > 35 {
			t.Errorf("%d reads in half an hour, by two nodes that share a store", n)
		}

		// The key is gone: the last token serves until WeChat refuses it, two hours at most.
		c.set("")
		want(118*time.Minute, "second")
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		nodes[0].fails(t, AccessToken)
	})
}

// TestLookAfterARefusal reads at once what WeChat's refusal makes stale.
func TestLookAfterARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &othersCache{token: "first", look: time.Hour}
		n := c.node(t, nil)
		first := n.get(t, AccessToken)
		time.Sleep(time.Minute)
		c.set("second")
		if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, first, errInvalid); err != nil || v.Text != "second" {
			t.Errorf("got %s, %v", v.Text, err)
		}
		if _, left := n.lend(t, AccessToken); left != time.Hour {
			t.Errorf("lent for %v", left)
		}
		c.set("")
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, "second", errInvalid); err == nil {
			t.Errorf("after the refusal of the last token: %s", v.Text)
		}
	})
}

// TestOneLookWhileBlocked has two callers come at once while WeChat must not be asked, and a renewal is due: one of the two looks
// into the store, for both.
func TestOneLookWhileBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store, classic: true})
		defer n.Stop(n.env)
		n.lend(t, AccessToken)
		w.setFail(func(Kind, int) error { return wechatError("token", 45009) })
		time.Sleep(time.Hour + 40*time.Minute)
		n.get(t, AccessToken) // fails behind it
		time.Sleep(10 * time.Minute)
		was, _ := store.counts()
		for range 3 {
			n.get(t, AccessToken)
		}
		synctest.Wait()
		if loads, _ := store.counts(); loads != was+2 { // the record and its copy
			t.Errorf("%d reads by three callers, want 2", loads-was)
		}
	})
}
