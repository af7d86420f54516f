package credential

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A failure that binds the fleet for half an hour binds nobody who had a value after it, though the store was away then and
// tells of the failure still.
func TestFailureBeforeWhatIsHeldBindsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		away := func(err error) {
			store.mu.Lock()
			defer store.mu.Unlock()
			store.fail = err
		}
		a := newNode(t, w, nodeOptions{store: store})
		defer a.Stop(a.env)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 45009) })
		a.fails(t, AccessToken)
		time.Sleep(time.Minute)
		w.setFail(nil)
		away(errors.New("connection refused"))
		held, err := a.Keeper(AccessToken).Refresh(t.Context(), a.env, false)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		away(nil)
		if v, err := a.Keeper(AccessToken).Reject(t.Context(), a.env, held.Text, errInvalid); err != nil || v.Text == held.Text {
			t.Errorf("got %q, %v", v.Text, err)
		}
	})
}
