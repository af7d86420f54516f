package plugin

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// codeTTL is how long a decrypted code is remembered, or WeChat's refusal to decrypt it. The code behind an encrypted
// one never changes; the bound is for memory, and so that a refusal by mistake passes.
const codeTTL = 5 * time.Minute

// decrypted is what WeChat said of an encrypted code.
type decrypted struct {
	code  string
	err   error
	until time.Time
}

// DecryptCode turns the encrypted code that wx.addCard and wx.chooseCard give into the plain one that wx.openCard
// wants (POST /card/code/decrypt). It proves nothing about whose code or which card's it is. Clients choose what is
// asked here, so the calls are bounded: past the limit it fails with *limit.Busy.
func (a *Account) DecryptCode(ctx context.Context, encrypted string) (string, error) {
	s := a.state
	if d, ok := s.codes.Get(encrypted); ok && a.cfg.Now().Before(d.until) {
		return d.code, d.err
	}
	return shared.Do(ctx, &s.decrypts, encrypted, func(ctx context.Context) (code string, err error) {
		err = a.CallWithin(ctx, &s.decryptLimit, func(token string) (err error) {
			code, err = a.cfg.Client.DecryptCode(ctx, token, encrypted)
			return err
		})
		if err == nil || wechat.Is(err, wechat.Refused) {
			s.codes.Add(encrypted, decrypted{code, err, a.cfg.Now().Add(codeTTL)})
		}
		return code, err
	})
}
