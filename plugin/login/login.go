// Package login finds out who logs in to a mini program (小程序).
package login

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

// Users knows the users of an account's mini programs.
type Users struct {
	client   *wechat.Client
	programs []MiniProgram
}

// New makes Users of mini programs, of which the first is the default; there may be none.
func New(client *wechat.Client, programs []MiniProgram) *Users { return &Users{client, programs} }

// CheckMiniProgram tells whether Login can be asked for a mini program: one of the account's by its app id, or with ""
// the first one.
func (u *Users) CheckMiniProgram(appID string) error {
	_, err := u.miniProgram(appID)
	return err
}

func (u *Users) miniProgram(appID string) (MiniProgram, error) {
	if len(u.programs) == 0 {
		return MiniProgram{}, errors.New("the account has no mini_program")
	}
	if appID == "" {
		return u.programs[0], nil
	}
	i := slices.IndexFunc(u.programs, func(mp MiniProgram) bool { return mp.AppID == appID })
	if i < 0 {
		return MiniProgram{}, fmt.Errorf("mini_program %s is none of the account's", appID)
	}
	return u.programs[i], nil
}

// Login tells whose js_code it is (GET /sns/jscode2session), in one of the account's mini programs; "" is the first. A
// js_code works once, at WeChat, so nothing is remembered and nothing repeated. The number of calls is not bounded here:
// there is one for each login, and WeChat bounds them for each user.
func (u *Users) Login(ctx context.Context, miniProgram, jsCode string) (wechat.MiniUser, error) {
	mp, err := u.miniProgram(miniProgram)
	if err != nil {
		return wechat.MiniUser{}, err
	}
	return u.client.Login(ctx, mp.AppID, mp.AppSecret, jsCode)
}
