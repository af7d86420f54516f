package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// MiniProgram is a mini program (小程序) that belongs to an official account.
type MiniProgram struct {
	AppID     string
	AppSecret string
}

// CheckMiniProgram tells whether Login can be asked for a mini program: one of the account's by its app id, or with ""
// the first one.
func (a *Account) CheckMiniProgram(appID string) error {
	_, err := a.miniProgram(appID)
	return err
}

func (a *Account) miniProgram(appID string) (MiniProgram, error) {
	if len(a.cfg.MiniPrograms) == 0 {
		return MiniProgram{}, errors.New("the account has no mini_program")
	}
	if appID == "" {
		return a.cfg.MiniPrograms[0], nil
	}
	i := slices.IndexFunc(a.cfg.MiniPrograms, func(mp MiniProgram) bool { return mp.AppID == appID })
	if i < 0 {
		return MiniProgram{}, fmt.Errorf("mini_program %s is none of the account's", appID)
	}
	return a.cfg.MiniPrograms[i], nil
}

// Login tells whose js_code it is (GET /sns/jscode2session), in one of the account's mini programs; "" is the first. A
// js_code works once, at WeChat, so nothing is remembered and nothing repeated. The number of calls is not bounded here:
// there is one for each login, and WeChat bounds them for each user.
func (a *Account) Login(ctx context.Context, miniProgram, jsCode string) (wechat.MiniUser, error) {
	mp, err := a.miniProgram(miniProgram)
	if err != nil {
		return wechat.MiniUser{}, err
	}
	return a.cfg.Client.Login(ctx, mp.AppID, mp.AppSecret, jsCode)
}
