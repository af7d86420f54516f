package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// The answers that make no sense. None of these texts holds a part of the
// answer: it may be a credential.
var (
	errNotJSON  = errors.New("the answer is not the JSON that was due")
	errErrcode  = errors.New("errcode is not a number")
	errValue    = errors.New("the answer holds no usable value")
	errLifetime = errors.New("expires_in is not a usable number of seconds")
)

// The bounds of a credential. WeChat's own are 512 bytes and 7200 s.
const (
	maxValue    = 8 << 10
	maxLifetime = 7 * 24 * time.Hour
)

// checker is an answer that knows what it must hold.
type checker interface{ check() error }

// decodeAnswer reads the body of an HTTP 200. With a code other than 0 nothing
// is put into out. err says that the answer is nonsense. What users typed comes
// from WeChat with control characters that are not escaped.
func decodeAnswer(data []byte, out any) (code int, msg string, err error) {
	data = jsonscan.Repair(data)
	var status struct {
		ErrCode json.RawMessage `json:"errcode"`
		ErrMsg  json.RawMessage `json:"errmsg"`
	}
	if !beginsObject(data) || json.Unmarshal(data, &status) != nil {
		return 0, "", errNotJSON
	}
	if status.ErrCode != nil {
		if code, err = strconv.Atoi(string(status.ErrCode)); err != nil {
			return 0, "", errErrcode
		}
	}
	if code != 0 {
		// A message of a wrong type must not hide the code.
		_ = json.Unmarshal(status.ErrMsg, &msg)
		return code, msg, nil
	}
	if out == nil {
		// An object without an errcode is no success when nothing else was asked for.
		if status.ErrCode == nil {
			return 0, "", errNotJSON
		}
		return 0, "", nil
	}
	if json.Unmarshal(data, out) != nil {
		return 0, "", errNotJSON
	}
	if a, ok := out.(checker); ok {
		return 0, "", a.check()
	}
	return 0, "", nil
}

// isObject tells whether an answer is a JSON object. All of WeChat's are.
func isObject(data []byte) bool {
	data = jsonscan.Repair(data)
	return beginsObject(data) && json.Valid(data)
}

// jsonSpace is what may stand between the tokens of JSON (RFC 8259).
const jsonSpace = " \t\r\n"

func beginsObject(data []byte) bool {
	data = bytes.TrimLeft(data, jsonSpace)
	return len(data) > 0 && data[0] == '{'
}

// tokenAnswer is that of token and stable_token.
type tokenAnswer struct {
	AccessToken string  `json:"access_token"`
	ExpiresIn   seconds `json:"expires_in"`
}

func (a *tokenAnswer) check() error { return checkCredential(a.AccessToken, a.ExpiresIn) }

// ticketAnswer is that of getticket.
type ticketAnswer struct {
	Ticket    string  `json:"ticket"`
	ExpiresIn seconds `json:"expires_in"`
}

func (a *ticketAnswer) check() error { return checkCredential(a.Ticket, a.ExpiresIn) }

// codeAnswer is that of decrypt. The bound is ours; WeChat's codes have 20
// characters at most.
type codeAnswer struct {
	Code string `json:"code"`
}

func (a *codeAnswer) check() error {
	if a.Code == "" || len(a.Code) > 256 || strings.ContainsFunc(a.Code, func(r rune) bool { return r <= ' ' || r == 0x7F }) {
		return errValue
	}
	return nil
}

// urlAnswer is that of geturl.
type urlAnswer struct {
	URL string `json:"url"`
}

func (a *urlAnswer) check() error {
	if a.URL == "" || len(a.URL) > maxValue {
		return errValue
	}
	return nil
}

// seconds is the expires_in of an answer, 0 when absent. Only an integer will
// do: anything else says that this is not WeChat's answer.
type seconds int64

// UnmarshalJSON takes what json.Unmarshal would and reports other types as
// absent, so that check has the last word.
func (s *seconds) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		n = 0
	}
	*s = seconds(n)
	return nil
}

// checkCredential says whether a token or ticket can be used: visible ASCII
// that may stand in a header, a query and a signature, and a sane lifetime.
func checkCredential(value string, expiresIn seconds) error {
	if value == "" || len(value) > maxValue || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errValue
	}
	if expiresIn < 1 || expiresIn > seconds(maxLifetime/time.Second) {
		return errLifetime
	}
	return nil
}
