// Package wire is how WeChat's API reads and writes: JSON, and the errcodes of its refusals; and how its pages answer.
package wire

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Error is an answer that WeChat gives instead of what was asked.
type Error struct {
	Code int
	Msg  string
}

// Error is WeChat's text.
func (e *Error) Error() string { return e.Msg }

// WeChat's refusals. The texts are WeChat's own, as far as they are known.
var (
	ErrSystem         = &Error{-1, "system error"}
	ErrBadCredential  = &Error{40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken"}
	ErrBadGrant       = &Error{40002, "invalid grant_type"}
	ErrBadOpenID      = &Error{40003, "invalid openid"}
	ErrBadAppID       = &Error{40013, "invalid appid"}
	ErrBadMsgType     = &Error{40008, "invalid message type"}
	ErrBadToken       = &Error{40014, "invalid access_token"}
	ErrButtonCount    = &Error{40016, "invalid button size"}
	ErrButtonName     = &Error{40018, "invalid button name size"}
	ErrBadJSCode      = &Error{40029, "invalid code"}
	ErrBadTemplate    = &Error{40037, "invalid template_id"}
	ErrBadSerial      = &Error{40056, "invalid serial code"}
	ErrInvalidURL     = &Error{40066, "invalid url"}
	ErrBadCardType    = &Error{40071, "invalid card type"}
	ErrBadCardID      = &Error{40073, "invalid card id"}
	ErrBadEncrypted   = &Error{40075, "invalid encrypt code"}
	ErrBadArgs        = &Error{40097, "invalid args"}
	ErrConsumed       = &Error{40099, "invalid code, this code has consumed"}
	ErrManyCodes      = &Error{40109, "too many code size, must <= 100"}
	ErrEmptyCode      = &Error{40110, "have empty code"}
	ErrSameCode       = &Error{40111, "have same code"}
	ErrBadQuantity    = &Error{40122, "invalid card quantity"}
	ErrBadSecret      = &Error{40125, "invalid appsecret"}
	ErrUserCardStatus = &Error{40127, "invalid user-card status! Hint: the card was given to user, but may be deleted or expired or set unavailable !"}
	ErrBadScene       = &Error{40129, "invalid scene"}
	ErrNeedWXCode     = &Error{40158, "invalid use_custom_code, need be false"}
	ErrPathLength     = &Error{40159, "invalid length for path, or the data is not json string"}
	ErrBadComponent   = &Error{40094, "invalid component credential"}
	ErrUsedJSCode     = &Error{40163, "code been used"}
	ErrBadPagePath    = &Error{40165, "invalid weapp pagepath"}
	ErrSceneLength    = &Error{40169, "invalid length for scene, or the data is not json string"}
	ErrBadCount       = &Error{40170, "args count exceed count limit"}
	ErrBadQuery       = &Error{40212, "invalid query"}
	ErrRiskyUser      = &Error{40226, "code blocked"}
	ErrNoSymmetricKey = &Error{40238, "symmetric key is not set"}
	ErrNoToken        = &Error{41001, "access_token missing"}
	ErrNoAppID        = &Error{41002, "appid missing"}
	ErrNoSecret       = &Error{41004, "appsecret missing"}
	ErrNoWebCode      = &Error{41008, "missing code"}
	ErrNoField        = &Error{41011, "missing required fields! please check document and request json!"}
	ErrNoCardID       = &Error{41012, "missing card id"}
	ErrNoCode         = &Error{41013, "missing code"}
	ErrBadPage        = &Error{41030, "invalid page"}
	ErrNoComponent    = &Error{41018, "missing component_appid"}
	ErrExpiredToken   = &Error{42001, "access_token expired"}
	ErrNeedGet        = &Error{43001, "require GET method"}
	ErrNeedPost       = &Error{43002, "require POST method"}
	ErrNoConsent      = &Error{43101, "user refuse to accept the msg"}
	ErrEmptyBody      = &Error{44002, "empty post data"}
	ErrBigBody        = &Error{45002, "content size out of limit"}
	ErrQuota          = &Error{45009, "reach max api daily quota limit"}
	ErrTooLate        = &Error{45015, "response out of time limit or subscription is canceled"}
	ErrTooLong        = &Error{45021, "some argument may be out of length limit! please check document and request json!"}
	ErrUnsupported    = &Error{45030, "limit cardid, not support this function"}
	ErrNoMenu         = &Error{46003, "menu no exist"}
	ErrBadJSON        = &Error{47001, "data format error"}
	ErrEscapes        = &Error{47002, `data format error, do NOT use json unicode encode (\uxxxx\uxxxx), please use utf8 encoded text!`}
	ErrBadValue       = &Error{47003, "argument invalid!"}
	ErrUnauthorized   = &Error{48001, "api unauthorized"}
	ErrClears         = &Error{48006, "forbid to clear quota because of reaching the limit"}
	ErrNotAuthorized  = &Error{61003, "component is not authorized by this account"}
	ErrForeignIP      = &Error{61004, "access clientip is not registered"}
	ErrOldTicket      = &Error{61005, "component ticket is expired"}
	ErrBadTicket      = &Error{61006, "component ticket is invalid"}
	ErrNotGranted     = &Error{61007, "api is unauthorized to component"}
	ErrBadAuthCode    = &Error{61009, "code is invalid"}
	ErrOldAuthCode    = &Error{61010, "code is expired"}
	ErrNoPlatform     = &Error{61011, "invalid component"}
	ErrWantComponent  = &Error{61014, "must use component token for component api"}
	ErrWantAccount    = &Error{61015, "must use api token for function api"}
	ErrBadRefresh     = &Error{61023, "refresh_token is invalid"}
	ErrUseComponent   = &Error{61024, "component should use api_component_token to get component_access_token"}
	ErrNeedMember     = &Error{72003, "invalid card type, need member card"}
	ErrForeignTicket  = &Error{72011, "invalid activate_ticket.Maybe this ticket is not belong this AppId"}
	ErrExpiredTicket  = &Error{72012, "activate_ticket has been expired"}
	ErrBadPath        = &Error{76021, "cgi_path not found, please check"}
	ErrReservedField  = &Error{85096, "not allow include scancode_time field"}
	ErrBadTime        = &Error{85401, "time limit between 1min and 30 days"}
	ErrBadVersion     = &Error{85402, "invalid env_version"}
	ErrNeedSealed     = &Error{934011, "request_body is required"}
)

// Status is the beginning of every answer but those of the token endpoints.
type Status struct {
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

// OK is the Status of a call that went well.
var OK = Status{0, "ok"}

// Refusal is err as WeChat writes it at that time: with the rid by which the request can be looked up there. What is no
// *Error is a system error.
func Refusal(err error, now time.Time) Status {
	e, found := errors.AsType[*Error](err)
	if !found {
		e = ErrSystem
	}
	var b [8]byte
	_, _ = rand.Read(b[:])                                                                 // never fails
	return Status{e.Code, fmt.Sprintf("%s rid: %08x-%08x-%08x", e.Msg, uint32(now.Unix()), //nolint:gosec // as WeChat's, it wraps
		binary.BigEndian.Uint32(b[:4]), binary.BigEndian.Uint32(b[4:]))}
}
