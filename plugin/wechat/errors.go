package wechat

import "time"

// Reaction says what an Error asks of us.
type Reaction uint8

// The reactions. Every Error has exactly one.
const (
	Transient  Reaction = iota // busy, 5xx, network, time-out, nonsense: back off and try again
	Credential                 // the access_token was refused: drop it, get another, repeat once
	Quota                      // a quota is used up: wait until NotBefore
	Setup                      // the operator has something to put right
	Refused                    // what was asked is at fault: nothing to retry
)

// Error is the one error of this package.
type Error struct {
	API     string // our name of the call: token, stable_token, getticket, decrypt, geturl
	Code    int    // errcode; 0 when no WeChat answer came
	Msg     string // errmsg
	RID     string
	Status  int   // HTTP status when it was not 200
	Timeout bool  // no answer in time
	Err     error // transport or decoding failure, without URL
}

func (e *Error) Error() string                     { return "" }
func (e *Error) Unwrap() error                     { return e.Err }
func (e *Error) Reaction() Reaction                { return Transient }
func (e *Error) AccountWide() bool                 { return false }
func (e *Error) NotBefore(now time.Time) time.Time { return time.Time{} }
func (e *Error) Hint() string                      { return "" }
func (e *Error) RefusedIP() string                 { return "" }
