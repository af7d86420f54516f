package observe

import (
	"fmt"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestErrcodesAreBounded(t *testing.T) {
	c := Metrics()
	c.mu.Lock()
	before := c.errcodes
	c.errcodes = make(map[string]struct{})
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.errcodes = before
		c.mu.Unlock()
	}()
	for i := range maxErrcodes {
		if got := c.errcode(&wechat.Error{Code: 100_000 + i}); got != fmt.Sprint(100_000+i) {
			t.Fatalf("got %q", got)
		}
	}
	if got := c.errcode(&wechat.Error{Code: 99}); got != errcodeOther {
		t.Errorf("got %q", got)
	}
	if got := c.errcode(&wechat.Error{Code: 100_001}); got != "100001" {
		t.Errorf("got %q", got)
	}
}
