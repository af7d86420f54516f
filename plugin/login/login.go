// Package login finds out who logs in to a mini program (小程序).
package login

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// MiniProgram is a mini program (小程序) that belongs to an official account.
type MiniProgram struct {
	AppID     string
	AppSecret string // "": it authorised a third-party platform (第三方平台), which asks for it
}

// refusedTTL is how long it is remembered that WeChat refused a js_code, which it will do for good. What a js_code stands for is
// not remembered: it works once.
const refusedTTL = time.Minute

// maxRefused bounds what is remembered of clients' requests.
const maxRefused = 8192

// WeChat's errcodes for a js_code that is none, or that was used before.
const (
	codeInvalidJSCode = 40029
	codeUsedJSCode    = 40163
)

// refusal is what WeChat said of a js_code.
type refusal struct {
	err   error
	until time.Time
}

// State is what an account knows of logins. It outlives configurations.
type State struct {
	refused *recent.Cache[[sha256.Size]byte, refusal] // by mini program and js_code
	limit   limit.Bucket
}

// NewState makes a State that knows nothing, with a limit in calls a minute.
func NewState(perMinute int) *State {
	refused := recent.New[[sha256.Size]byte, refusal](maxRefused)
	s := &State{refused: refused}
	s.Limit(perMinute)
	return s
}

// Limit sets the limit in calls a minute, unless it is in force already: a reload fills no bucket.
func (s *State) Limit(perMinute int) { s.limit.Set("jscode2session", perMinute) }

// Bucket bounds the calls. Whoever asks WeChat about other codes of users makes them count there, too.
func (s *State) Bucket() *limit.Bucket { return &s.limit }

// Users knows the users of an account's mini programs.
type Users struct {
	client   *wechat.Client
	programs []MiniProgram
	now      func() time.Time
	state    *State
	phones   Phones
	platform func(ctx context.Context, miniProgram, jsCode string) (wechat.MiniUser, error)
}

// Phones asks for phone numbers.
type Phones struct {
	// Ask gives that for a code, with the access_token of a mini program, within a limit.
	Ask func(ctx context.Context, miniProgram string, within *limit.Bucket, code string) (wechat.Phone, error)
	// Now is WeChat's clock.
	Now func() time.Time
}

// maxPhoneAge is how long ago a user may have given his phone number. Codes work for five minutes.
const maxPhoneAge = 10 * time.Minute

// WithPhones has PhoneNumber ask so.
func (u *Users) WithPhones(phones Phones) *Users {
	u.phones = phones
	return u
}

// WithPlatform has Login ask so about the js_codes of mini programs without an AppSecret.
func (u *Users) WithPlatform(ask func(ctx context.Context, miniProgram, jsCode string) (wechat.MiniUser, error)) *Users {
	u.platform = ask
	return u
}

// PhoneNumber tells the phone number that a user of one of the account's mini programs has given; "" is the first. A code works once,
// as a js_code does, and is treated as one: PhoneNumber counts against the limit of Login, too.
func (u *Users) PhoneNumber(ctx context.Context, miniProgram, code string) (wechat.Phone, error) {
	mp, err := u.miniProgram(miniProgram)
	if err != nil {
		return wechat.Phone{}, err
	}
	key := sha256.Sum256([]byte(mp.AppID + " phone " + code))
	if r, ok := u.state.refused.Get(key); ok && u.now().Before(r.until) {
		return wechat.Phone{}, r.err
	}
	phone, err := u.phones.Ask(ctx, mp.AppID, &u.state.limit, code)
	if busy, ok := errors.AsType[*limit.Busy](err); ok {
		busy.API = wechat.APIPhone // the bucket has the name of Login's call
	}
	if err == nil {
		err = phone.CheckWatermark(mp.AppID, maxPhoneAge, u.phones.Now())
	}
	u.remember(key, err)
	if err != nil {
		return wechat.Phone{}, err
	}
	return phone, nil
}

// remember remembers that WeChat refused a code.
func (u *Users) remember(key [sha256.Size]byte, err error) {
	if code := wechat.Errcode(err); code == codeInvalidJSCode || code == codeUsedJSCode {
		u.state.refused.Add(key, refusal{err, u.now().Add(refusedTTL)})
	}
}

// New makes Users of mini programs, of which the first is the default, there may be none; of our clock; and of what is remembered.
func New(client *wechat.Client, programs []MiniProgram, now func() time.Time, state *State) *Users {
	return &Users{client: client, programs: programs, now: now, state: state}
}

// CheckMiniProgram tells whether Login can be asked for a mini program: one of the account's by its app id, or with ""
// the first one.
func (u *Users) CheckMiniProgram(appID string) error {
	_, err := u.miniProgram(appID)
	return err
}

// MiniProgramID is the app id of a mini program of the account's, or with "" of the first one.
func (u *Users) MiniProgramID(appID string) (string, error) {
	mp, err := u.miniProgram(appID)
	return mp.AppID, err
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

// Login tells whose js_code it is (GET /sns/jscode2session, or /sns/component/jscode2session), in one of the account's mini programs; "" is the first. A
// js_code works once, at WeChat, so nothing is repeated; one that WeChat refused is refused for a minute without a call. Clients
// choose the js_codes, so the calls are bounded: past the limit it fails with *limit.Busy.
func (u *Users) Login(ctx context.Context, miniProgram, jsCode string) (user wechat.MiniUser, err error) {
	mp, err := u.miniProgram(miniProgram)
	if err != nil {
		return user, err
	}
	key := sha256.Sum256([]byte(mp.AppID + " " + jsCode))
	if r, ok := u.state.refused.Get(key); ok && u.now().Before(r.until) {
		return user, r.err
	}
	err = u.state.limit.Do(ctx, func() (err error) {
		if mp.AppSecret == "" && u.platform != nil {
			user, err = u.platform(ctx, mp.AppID, jsCode)
		} else {
			user, err = u.client.Login(ctx, mp.AppID, mp.AppSecret, jsCode)
		}
		return err
	})
	u.remember(key, err)
	return user, err
}
