package credential

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/turns"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// crowd is very many accounts in one process, and the WeChat that they ask.
type crowd struct {
	t       *testing.T
	process Process
	members []member
	takes   time.Duration // a call

	mu      sync.Mutex
	under   int
	most    int
	begun   []time.Time // calls that nobody waited for
	calls   int
	waited  map[string]bool // app_ids of which somebody waits
	ended   int             // values that were served after their end, or that had ended before they were renewed
	expires map[string]time.Time
	valid   map[string]string // by app_id: the access_token
}

type member struct {
	appID string
	*Keepers
	env *Env
}

func newCrowd(t *testing.T, n int) *crowd {
	c := &crowd{
		t: t, takes: 100 * time.Millisecond,
		waited: map[string]bool{}, expires: map[string]time.Time{}, valid: map[string]string{},
	}
	for i := range n {
		appID := fmt.Sprintf("wx%016x", i)
		m := member{appID: appID, Keepers: c.process.NewKeepers(ID{BaseURL: "https://api.weixin.qq.com", AppID: appID, Source: "stable"})}
		env, err := NewEnv(EnvConfig{
			Secret: "secret",
			Fetch: func(ctx context.Context, kind Kind, _ bool) (wechat.Grant, error) {
				if kind != AccessToken {
					if _, err := m.Keeper(AccessToken).Get(ctx, m.env); err != nil {
						return wechat.Grant{}, err
					}
				}
				return c.call(appID, kind)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		m.env = env
		c.members = append(c.members, m)
	}
	return c
}

// call is WeChat's answer.
func (c *crowd) call(appID string, kind Kind) (wechat.Grant, error) {
	requested := time.Now()
	c.mu.Lock()
	c.calls++
	c.under++
	c.most = max(c.most, c.under)
	if !c.waited[appID] {
		c.begun = append(c.begun, requested)
	}
	c.mu.Unlock()
	time.Sleep(c.takes)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.under--
	name := appID + string(kind)
	if end, ok := c.expires[name]; ok && !requested.Before(end) {
		c.ended++
	}
	c.expires[name] = requested.Add(2 * time.Hour)
	return wechat.Grant{Value: fmt.Sprint(name, c.calls), Lifetime: 2 * time.Hour, Requested: requested}, nil
}

// inASecond is how many calls that nobody waited for began within one second at most.
func (c *crowd) inASecond() (most int) {
	from := 0
	for i, at := range c.begun {
		for at.Sub(c.begun[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

func (c *crowd) start(kinds ...Kind) {
	for _, m := range c.members {
		m.Start(m.env, kinds...)
	}
}

func (c *crowd) stop() {
	for _, m := range c.members {
		m.Stop(m.env)
	}
}

// made tells how many calls were made.
func (c *crowd) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// check judges the bounds, and that no value ended before its renewal.
func (c *crowd) check() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most > turns.AtOnce {
		c.t.Errorf("%d calls at once", c.most)
	}
	if most := c.inASecond(); most > 50 {
		c.t.Errorf("%d calls in a second that nobody waited for", most)
	}
	if c.ended > 0 {
		c.t.Errorf("%d values were renewed too late", c.ended)
	}
}

// cold counts the credentials that are not there.
func (c *crowd) cold(kinds ...Kind) (n int) {
	for _, m := range c.members {
		for _, kind := range kinds {
			if m.Keeper(kind).Status(m.env).State == None {
				n++
			}
		}
	}
	return n
}

// howMany is ten thousand where that does not take too long.
func howMany() int {
	if testing.Short() || racetest.Enabled {
		return 400
	}
	return 10_000
}

func TestManyAccountsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := howMany()
		c := newCrowd(t, n)
		defer c.stop()
		c.start(AccessToken, APITicket)

		// Requests for some of those that come last.
		time.Sleep(5 * time.Second)
		var wg sync.WaitGroup
		for i := range turns.AtOnce - turns.Unasked {
			m := c.members[n-1-i]
			c.mu.Lock()
			c.waited[m.appID] = true
			c.mu.Unlock()
			wg.Go(func() {
				began := time.Now()
				if _, err := m.Keeper(APITicket).Get(t.Context(), m.env); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > 2*c.takes {
					t.Errorf("a request waited %v for two calls of %v", took, c.takes)
				}
			})
		}
		wg.Wait()

		time.Sleep(time.Duration(2*n)*turns.Apart + time.Minute)
		if cold := c.cold(AccessToken, APITicket); cold > 0 {
			t.Errorf("%d of %d are not there", cold, 2*n)
		}
		c.check()
		if c.calls != 2*n {
			t.Errorf("%d calls, want %d", c.calls, 2*n)
		}
	})
}

// Requests for all of them at once, after a time in which everything has ended: all are answered, so many at a time, and the
// renewals two hours later are spread all the same.
func TestManyAccountsAreAllAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, howMany())
		defer c.stop()
		c.start(AccessToken)
		c.mu.Lock()
		for _, m := range c.members {
			c.waited[m.appID] = true
		}
		c.mu.Unlock()
		began := time.Now()
		var wg sync.WaitGroup
		for _, m := range c.members {
			wg.Go(func() {
				if _, err := m.Keeper(AccessToken).Get(t.Context(), m.env); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took, most := time.Since(began), c.takes*time.Duration(len(c.members)/turns.AtOnce+2); took > most {
			t.Errorf("it took %v, want %v", took, most)
		}
		c.mu.Lock()
		clear(c.waited)
		c.mu.Unlock()
		time.Sleep(8 * time.Hour)
		if cold := c.cold(AccessToken); cold > 0 {
			t.Errorf("%d have none", cold)
		}
		c.check()
	})
}

func TestManyAccountsForADay(t *testing.T) {
	if testing.Short() || racetest.Enabled {
		t.Skip("it takes a minute")
	}
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, howMany())
		defer c.stop()
		c.start(AccessToken, APITicket)
		time.Sleep(24 * time.Hour)
		c.check()
		if n := c.made() / len(c.members); n < 24 || n > 29 {
			t.Errorf("%d calls an account", n)
		}
	})
}

// A reload asks for nothing again, and nobody waits while it goes on.
func TestManyAccountsThroughAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, howMany())
		c.start(AccessToken, APITicket)
		time.Sleep(10 * time.Minute)
		before := c.made()
		var next []*Env
		for _, m := range c.members {
			env, err := NewEnv(EnvConfig{Secret: "secret", Fetch: m.env.Fetch})
			if err != nil {
				t.Fatal(err)
			}
			next = append(next, env)
			m.Start(env, AccessToken, APITicket)
		}
		c.stop()
		for i, m := range c.members {
			c.members[i].env = next[i]
			if _, err := m.Keeper(APITicket).Get(t.Context(), next[i]); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if made := c.made(); made != before {
			t.Errorf("%d calls for a reload", made-before)
		}
		time.Sleep(4 * time.Hour)
		c.check()
		c.stop()
	})
}
