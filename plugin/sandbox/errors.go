package sandbox

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// wxError is an answer that WeChat gives instead of what was asked.
type wxError struct {
	Code int
	Msg  string
}

func (e *wxError) Error() string { return e.Msg }

// WeChat's refusals. The texts are WeChat's own, as far as they are known.
var (
	errSystem         = &wxError{-1, "system error"}
	errBadCredential  = &wxError{40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken"}
	errBadGrant       = &wxError{40002, "invalid grant_type"}
	errBadOpenID      = &wxError{40003, "invalid openid"}
	errBadAppID       = &wxError{40013, "invalid appid"}
	errBadToken       = &wxError{40014, "invalid access_token"}
	errButtonCount    = &wxError{40016, "invalid button size"}
	errButtonName     = &wxError{40018, "invalid button name size"}
	errBadJSCode      = &wxError{40029, "invalid code"}
	errBadSerial      = &wxError{40056, "invalid serial code"}
	errInvalidURL     = &wxError{40066, "invalid url"}
	errBadCardType    = &wxError{40071, "invalid card type"}
	errBadCardID      = &wxError{40073, "invalid card id"}
	errBadEncrypted   = &wxError{40075, "invalid encrypt code"}
	errBadArgs        = &wxError{40097, "invalid args"}
	errConsumed       = &wxError{40099, "invalid code, this code has consumed"}
	errManyCodes      = &wxError{40109, "too many code size, must <= 100"}
	errEmptyCode      = &wxError{40110, "have empty code"}
	errSameCode       = &wxError{40111, "have same code"}
	errBadQuantity    = &wxError{40122, "invalid card quantity"}
	errBadSecret      = &wxError{40125, "invalid appsecret"}
	errUserCardStatus = &wxError{40127, "invalid user-card status! Hint: the card was given to user, but may be deleted or expired or set unavailable !"}
	errNeedWXCode     = &wxError{40158, "invalid use_custom_code, need be false"}
	errUsedJSCode     = &wxError{40163, "code been used"}
	errRiskyUser      = &wxError{40226, "code blocked"}
	errNoToken        = &wxError{41001, "access_token missing"}
	errNoAppID        = &wxError{41002, "appid missing"}
	errNoSecret       = &wxError{41004, "appsecret missing"}
	errNoField        = &wxError{41011, "missing required fields! please check document and request json!"}
	errNoCardID       = &wxError{41012, "missing card id"}
	errNoCode         = &wxError{41013, "missing code"}
	errExpiredToken   = &wxError{42001, "access_token expired"}
	errNeedGet        = &wxError{43001, "require GET method"}
	errNeedPost       = &wxError{43002, "require POST method"}
	errEmptyBody      = &wxError{44002, "empty post data"}
	errBigBody        = &wxError{45002, "content size out of limit"}
	errQuota          = &wxError{45009, "reach max api daily quota limit"}
	errTooLong        = &wxError{45021, "some argument may be out of length limit! please check document and request json!"}
	errUnsupported    = &wxError{45030, "limit cardid, not support this function"}
	errNoMenu         = &wxError{46003, "menu no exist"}
	errBadJSON        = &wxError{47001, "data format error"}
	errEscapes        = &wxError{47002, `data format error, do NOT use json unicode encode (\uxxxx\uxxxx), please use utf8 encoded text!`}
	errClears         = &wxError{48006, "forbid to clear quota because of reaching the limit"}
	errNeedMember     = &wxError{72003, "invalid card type, need member card"}
	errForeignTicket  = &wxError{72011, "invalid activate_ticket.Maybe this ticket is not belong this AppId"}
	errExpiredTicket  = &wxError{72012, "activate_ticket has been expired"}
	errBadPath        = &wxError{76021, "cgi_path not found, please check"}
)

// status is the beginning of every answer but those of the token endpoints.
type status struct {
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

var ok = status{0, "ok"}

// refusal is err as WeChat writes it: with the rid by which the request can be looked up there.
func (s *Sandbox) refusal(err error) status {
	e, found := errors.AsType[*wxError](err)
	if !found {
		e = errSystem
	}
	var b [8]byte
	_, _ = rand.Read(b[:])                                                                     // never fails
	return status{e.Code, fmt.Sprintf("%s rid: %08x-%08x-%08x", e.Msg, uint32(s.now().Unix()), //nolint:gosec // as WeChat's, it wraps
		binary.BigEndian.Uint32(b[:4]), binary.BigEndian.Uint32(b[4:]))}
}
