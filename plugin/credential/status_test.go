package credential

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{store: newStore()})
		defer n.Stop(n.env)
		k := n.Keeper(APITicket)
		if s := k.Status(n.env); s.State != None || !s.Expires.IsZero() || s.LastError != nil {
			t.Errorf("before anything: %+v", s)
		}
		n.get(t, APITicket)
		if s := k.Status(n.env); s.State != Fresh || s.Source != FromWeChat || time.Until(s.Expires) != 2*time.Hour || s.Fetched != 1 || s.NextAttempt.IsZero() {
			t.Errorf("fetched: %+v", s)
		}
		w.setFail(func(Kind, int) error { return wechatError("getticket", 45009) })
		time.Sleep(118 * time.Minute)
		n.get(t, APITicket)
		synctest.Wait()
		s := k.Status(n.env)
		e, ok := errors.AsType[*wechat.Error](s.LastError)
		if s.State != Renewing || !ok || e.Code != 45009 || s.Failed == 0 || time.Until(s.NextAttempt) <= 0 {
			t.Errorf("renewal failed: %+v", s)
		}
		time.Sleep(2 * time.Minute)
		if s := k.Status(n.env); s.State != Expired {
			t.Errorf("ended: %+v", s)
		}
	})
}

func TestStatusOfARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a := newNode(t, w, nodeOptions{store: store})
		a.get(t, AccessToken)
		a.Stop(a.env)
		b := newNode(t, w, nodeOptions{store: store})
		defer b.Stop(b.env)
		b.get(t, AccessToken)
		if s := b.Keeper(AccessToken).Status(b.env); s.Source != FromStore || s.Adopted != 1 || s.Fetched != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.stable = true
		a, b := newNode(t, w, nodeOptions{store: store}), newNode(t, w, nodeOptions{store: store})
		defer a.Stop(a.env)
		defer b.Stop(b.env)
		ticket, token := a.get(t, APITicket), a.get(t, AccessToken)
		time.Sleep(time.Second)
		if v, err := a.Keeper(APITicket).Refresh(t.Context(), a.env, false); err != nil || v.Text == ticket {
			t.Errorf("a ticket was refreshed to %q, %v", v.Text, err)
		}
		if v, err := a.Keeper(AccessToken).Refresh(t.Context(), a.env, false); err != nil || v.Text != token {
			t.Errorf("a stable token in normal mode was refreshed to %q, %v", v.Text, err)
		}
		if v, err := a.Keeper(AccessToken).Refresh(t.Context(), a.env, true); err != nil || v.Text == token || w.forced != 1 {
			t.Errorf("by force: %q, %v", v.Text, err)
		}
		synctest.Wait()
		if _, err := a.Keeper(AccessToken).Refresh(t.Context(), a.env, true); !errors.Is(err, renewal.ErrNoForce) {
			t.Errorf("a second forced refresh at once: %v", err)
		}
		if s := a.Keeper(AccessToken).Status(a.env); s.LastError != nil {
			t.Errorf("what was not tried counts as a failure: %+v", s)
		}
		if w.forced != 1 {
			t.Errorf("%d forced refreshes", w.forced)
		}
	})
}

// An operator's refresh ends what binds the whole fleet.
func TestRefreshEndsAQuotasWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a, b := newNode(t, w, nodeOptions{store: store}), newNode(t, w, nodeOptions{store: store})
		defer a.Stop(a.env)
		defer b.Stop(b.env)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 45009) })
		a.fails(t, AccessToken)
		synctest.Wait()
		b.fails(t, AccessToken)
		if s := b.Keeper(AccessToken).Status(b.env); s.LastError == nil || s.LastErrorAt.IsZero() || s.Failed != 0 {
			t.Errorf("the node that was told of the failure: %+v", s)
		}
		w.setFail(nil)
		time.Sleep(time.Minute)
		a.fails(t, AccessToken)
		if _, err := a.Keeper(AccessToken).Refresh(t.Context(), a.env, false); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(state.LookPause)
		a.get(t, AccessToken)
		b.get(t, AccessToken)
		if got := w.count(AccessToken); got != 2 {
			t.Errorf("%d calls, want 2", got)
		}
	})
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		var events []Event
		n.env.Observe = func(e Event) { events = append(events, e) }
		w.setFail(func(Kind, int) error { return wechatError("stable_token", -1) })
		n.fails(t, AccessToken)
		w.setFail(nil)
		time.Sleep(2 * time.Second)
		n.get(t, AccessToken)
		synctest.Wait()
		if len(events) != 2 || events[0].Err == nil || events[0].NextAttempt.IsZero() || events[1].Source != FromWeChat || events[1].Expires.IsZero() {
			t.Errorf("got %+v", events)
		}
	})
}
