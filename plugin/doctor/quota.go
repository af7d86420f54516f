package doctor

import (
	"context"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// counted is a call whose quota is looked at.
type counted struct{ path, name string }

// counted lists the calls whose quota is looked at: those that the gateway makes by itself, and those that clients can
// cause.
func (d *Doctor) counted() []counted {
	calls := []counted{{"/card/code/decrypt", "decrypt"}, {"/card/membercard/activate/geturl", "geturl"}}
	if d.cfg.MiniProgram {
		calls = []counted{{"/wxa/business/getuserphonenumber", "getuserphonenumber"}}
	} else if !d.cfg.ForeignTickets {
		calls = append([]counted{{"/cgi-bin/ticket/getticket", "getticket"}}, calls...)
	}
	if source := d.cfg.Source; source == account.Stable {
		calls = append([]counted{{"/cgi-bin/stable_token", "stable_token"}}, calls...)
	} else if source == account.Classic {
		calls = append([]counted{{"/cgi-bin/token", "token"}}, calls...)
	}
	return calls
}

// Errcodes of quota/get: the path is unknown, or not one of this kind of account.
const (
	codeUnknownPath  = 76021
	codeWrongAccount = 76022
)

// CheckQuota finds out how many calls are left of the day's. What WeChat keeps no count of is left out.
func (d *Doctor) CheckQuota(ctx context.Context, report Report) {
	for _, q := range d.counted() {
		var left wechat.Allowance
		err := d.cfg.Caller.Call(ctx, func(token string) (err error) {
			left, err = d.cfg.Client.Quota(ctx, token, q.path)
			return err
		})
		switch code := wechat.Errcode(err); {
		case code == codeUnknownPath || code == codeWrongAccount:
			continue
		case err != nil:
			f := failed(checkQuota, "WeChat does not tell the quota of "+q.name, err)
			f.Verdict = Warning
			report(f)
			return
		}
		f := Finding{Check: checkQuota, Text: fmt.Sprintf("%s: %d of %d calls are left today", q.name, left.Remain, left.Daily)}
		switch {
		case left.Daily <= 0:
			continue
		case left.Remain <= 0:
			f.Verdict, f.Todo = Wrong, "it starts afresh at midnight +08:00; clear_quota does so at once, ten times a month. Find out who makes the calls"
		case left.Remain < left.Daily/10:
			f.Verdict, f.Todo = Warning, "find out who makes the calls: the gateway makes few of getticket, and limits the others"
		}
		report(f)
	}
}
