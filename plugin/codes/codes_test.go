package codes

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

type world struct {
	*accounttest.World
	*Codes
}

func newWorld(t *testing.T, perMinute int) world {
	t.Helper()
	w := accounttest.New(t, nil)
	return world{w, New(w.Core, w.Client, w.Now, NewState(perMinute, perMinute))}
}

func TestDecryptedCodesAreRemembered(t *testing.T) {
	w := newWorld(t, 600)
	good, bad := w.Sandbox.EncryptCode(accounttest.AppID, "123456789012"), "bm90IGEgY29kZQ=="
	for range 50 {
		if code, err := w.DecryptCode(t.Context(), good); err != nil || code != "123456789012" {
			t.Fatalf("DecryptCode = %q, %v", code, err)
		}
		_, err := w.DecryptCode(t.Context(), bad)
		if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Code != 40075 {
			t.Fatalf("a bad code gives %v", err)
		}
	}
	if got := w.Sandbox.Calls()["/card/code/decrypt"]; got != 2 {
		t.Errorf("%d decrypt calls, want 2", got)
	}
}

// TestLateCallerFindsTheCode has somebody else's call begin and end after a caller has looked in vain for the code.
func TestLateCallerFindsTheCode(t *testing.T) {
	w := newWorld(t, 600)
	encrypted := w.Sandbox.EncryptCode(accounttest.AppID, "123456789012")
	decrypt := func(c *Codes) {
		t.Helper()
		if _, err := c.DecryptCode(t.Context(), encrypted); err != nil {
			t.Error(err)
		}
	}
	decrypt(w.Codes)
	w.Forward(codeTTL + time.Second)
	between := func() { decrypt(w.Codes) }
	decrypt(New(w.Core, w.Client, func() time.Time {
		now, meanwhile := w.Now(), between
		if between = nil; meanwhile != nil {
			meanwhile()
		}
		return now
	}, w.state))
	if got := w.Sandbox.Calls()["/card/code/decrypt"]; got != 2 {
		t.Errorf("%d decrypt calls, want 2", got)
	}
}

func TestDecryptIsBounded(t *testing.T) {
	w := newWorld(t, 10)
	busy := 0
	began := time.Now()
	for i := range 2000 {
		_, err := w.DecryptCode(t.Context(), fmt.Sprintf("%024d", i))
		if b, ok := errors.AsType[*limit.Busy](err); ok {
			busy++
			if b.RetryAfter <= 0 || b.RetryAfter > 6*time.Second {
				t.Fatalf("RetryAfter %v", b.RetryAfter)
			}
		}
	}
	if calls := w.Sandbox.Calls()["/card/code/decrypt"]; calls < 10 || calls > 11+int(time.Since(began)/(6*time.Second)) || busy != 2000-calls {
		t.Errorf("%d calls and %d refusals", calls, busy)
	}
}

// What strangers use up, members who come back from the form do not miss.
func TestCodesWithATicketHaveALimitOfTheirOwn(t *testing.T) {
	w := newWorld(t, 1)
	var encrypted [4]string
	for i := range encrypted {
		encrypted[i] = w.Sandbox.EncryptCode(accounttest.AppID, fmt.Sprint(i))
	}
	ask := func(decrypt func(context.Context, string) (string, error), i int) bool {
		_, err := decrypt(t.Context(), encrypted[i])
		_, busy := errors.AsType[*limit.Busy](err)
		if err != nil && !busy {
			t.Error(err)
		}
		return busy
	}
	if ask(w.DecryptCode, 0) || !ask(w.DecryptCode, 1) || ask(w.DecryptTicketCode, 2) || !ask(w.DecryptTicketCode, 3) {
		t.Error("one of the limits is not what it should be")
	}
	if ask(w.DecryptTicketCode, 0) {
		t.Error("what is remembered of the one is not known to the other")
	}
}
