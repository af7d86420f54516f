package doctor

import (
	"context"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// codeNoRight is WeChat's errcode for a call that the account may not make, as for the token of a mini program on the calls
// of an official account.
const codeNoRight = 48001

// CheckRights finds out whether the account may use cards at all. It reports whether calls about cards can be made.
func (d *Doctor) CheckRights(ctx context.Context, report Report) bool {
	var n int
	err := d.cfg.Caller.Call(ctx, func(token string) (err error) {
		n, err = d.cfg.Client.CountCards(ctx, token)
		return err
	})
	if wechat.Errcode(err) == codeNoRight {
		report(Finding{
			Check: checkRights, Verdict: Wrong, Text: "the account has no cards of its own: " + err.Error(),
			Todo: "app_id has to be that of the official account (公众号) that made the cards, not the mini program's (小程序); and that account needs the card function (卡券功能) in its console",
		})
		return false
	}
	if err != nil {
		report(failed(checkRights, "WeChat does not list the account's cards", err))
		return false
	}
	f := Finding{Check: checkRights, Text: fmt.Sprintf("the account may use cards, and has %d", n)}
	if n == 1 {
		f.Text = "the account may use cards, and has one"
	}
	report(f)
	return true
}
