package codes

import (
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
	return world{w, New(w.Core, w.Client, w.Now, NewState(perMinute))}
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
