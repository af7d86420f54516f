package credentials

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// MiniProgram is a mini program (小程序) of the account, whose access_token is lent.
type MiniProgram struct {
	// Its app_id, which is among the account's.
	AppID string `json:"app_id,omitempty"`

	// What callers may send in the place of its app secret. It opens this mini program and nothing else. Should be a placeholder.
	// Default: the `key` beside `mini_program`, which then does not open the account.
	Key string `json:"key,omitempty"`
}

// program is a MiniProgram, compiled.
type program struct {
	appID string
	key   clients.Key
}

// isForAccount tells whether it is the account that is meant to be lent, too: not by the key that is a mini program's.
func (c *Credentials) isForAccount() bool {
	return !slices.ContainsFunc(c.MiniProgram, func(mp MiniProgram) bool { return mp.Key == "" })
}

// provisionPrograms compiles the mini programs, and gives the key to whom it belongs.
func (c *Credentials) provisionPrograms(logger *zap.Logger) error {
	for i, mp := range c.MiniProgram {
		if mp.AppID == "" {
			return errors.New("mini_program needs an app_id")
		}
		p := program{key: c.key}
		var err error
		if p.appID, err = words.Expand(mp.AppID); err != nil {
			return fmt.Errorf("mini_program: %w", err)
		}
		if slices.ContainsFunc(c.programs, func(other program) bool { return other.appID == p.appID }) {
			return fmt.Errorf("mini_program %s is listed twice", p.appID)
		}
		if mp.Key != "" {
			if p.key, err = clients.NewKey(mp.Key, logger); err != nil {
				return fmt.Errorf("mini_program %s: %w", p.appID, err)
			}
			if mp.Key == c.Key || slices.ContainsFunc(c.MiniProgram[:i], func(other MiniProgram) bool { return other.Key == mp.Key }) {
				return fmt.Errorf("mini_program %s: its key is somebody else's, too; a key opens one thing", p.appID)
			}
		}
		c.programs = append(c.programs, p)
	}
	if !c.isForAccount() {
		c.key = clients.Key{}
	}
	return nil
}

// MiniPrograms implements ProgramUser.
func (c *Credentials) MiniPrograms() (appIDs []string) {
	for _, p := range c.programs {
		appIDs = append(appIDs, p.appID)
	}
	return appIDs
}

// lenderOf tells whose token is asked for by an app_id, and what a key of it is. nil: nobody's who is lent.
func (c *Credentials) lenderOf(account *plugin.Account, appID string) (lender *plugin.Account, isKey func(text string) bool) {
	i := slices.IndexFunc(c.programs, func(p program) bool { return p.appID == appID })
	if i < 0 {
		if appID == account.AppID() {
			return account, c.key.Matches
		}
		return nil, nil
	}
	lender, err := account.MiniProgram(appID)
	if err != nil {
		return nil, nil
	}
	return lender, c.programs[i].key.Matches
}

// checkForeign refuses a token of the account's mini programs, as far as there is one already: WeChat gives no ticket for it.
func checkForeign(r *http.Request, account *plugin.Account, token string) error {
	for _, mp := range account.MiniPrograms() {
		if mp == account || mp.Status(credential.AccessToken).State == credential.None {
			continue
		}
		if known, err := mp.KnowsToken(r.Context(), token); err == nil && known {
			return &wechat.ForeignToken{Wants: wechat.OfficialAccount}
		}
	}
	return nil
}

// unmarshalMiniProgram reads `mini_program <app_id> [{ key <value> }]`, which may be repeated.
func (c *Credentials) unmarshalMiniProgram(d *caddyfile.Dispenser) error {
	var mp MiniProgram
	if !d.AllArgs(&mp.AppID) {
		return d.ArgErr()
	}
	if slices.ContainsFunc(c.MiniProgram, func(other MiniProgram) bool { return other.AppID == mp.AppID }) {
		return d.Errf("mini_program %s already specified", mp.AppID)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "key" {
			return words.Unrecognized(d, "key")
		}
		if err := words.OneValue(d, &mp.Key); err != nil {
			return err
		}
	}
	c.MiniProgram = append(c.MiniProgram, mp)
	return nil
}
