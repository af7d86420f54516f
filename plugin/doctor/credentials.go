package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// CheckCredentials finds out whether WeChat takes the account's app_id and secret, and calls from this machine; whether there
// is an access_token; and whether there are the tickets of kinds. It is for a Guest. It reports whether calls can be made.
func (d *Doctor) CheckCredentials(ctx context.Context, kinds []credential.Kind, report Report) bool {
	if d.cfg.Source == account.Stable {
		// Not by the Keeper: a token out of the store would prove nothing. WeChat gives the same one again.
		if _, err := d.cfg.Client.StableToken(ctx, d.cfg.AppID, d.cfg.AppSecret, false); err != nil {
			report(failed(checkAccount, "WeChat gives no access_token", err))
			return false
		}
		report(Finding{Check: checkAccount, Text: "WeChat takes app_id and app_secret"})
		report(Finding{Check: checkAddress, Text: "WeChat takes calls from this machine's address"})
	}
	for _, kind := range credential.Kinds {
		if kind != credential.AccessToken && !slices.Contains(kinds, kind) {
			continue
		}
		if kind == credential.AccessToken && d.cfg.Source == account.None {
			report(Finding{Check: string(kind), Text: "none needed"})
			continue
		}
		if _, err := d.cfg.Credentials.Credential(ctx, kind); err != nil {
			f := failed(string(kind), "there is none", err)
			if errors.Is(err, account.ErrNotOurs) {
				f.Todo = "start Caddy with this configuration, and run this with the same store as it does"
			}
			report(f)
			if kind == credential.AccessToken {
				return false
			}
			continue
		}
		report(Finding{Check: string(kind), Text: d.describe(kind)})
	}
	return true
}

// describe tells where a credential came from and how long it is good.
func (d *Doctor) describe(kind credential.Kind) string {
	s := d.cfg.Credentials.Status(kind)
	from := "from WeChat: there was none in the store yet"
	switch {
	case s.Source == credential.FromStore:
		from = "from the store: a Caddy shares it there"
	case s.Source != credential.FromWeChat:
		from = "from token_source " + string(s.Source)
		if kind != credential.AccessToken {
			from = "from ticket_source " + string(s.Source)
		}
	case !d.cfg.Shared:
		from = "from WeChat"
	}
	return fmt.Sprintf("good for %d min, %s", int(s.Expires.Sub(d.cfg.Now()).Minutes()), from)
}
