// Package problem has the errors that answer a request: a Problem is written as a problem document (RFC 9457), or in a form that
// its maker gives it.
package problem

import (
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Problem is an error with the answer that it deserves: a problem document (RFC 9457).
type Problem struct {
	Status int    // of the HTTP answer; the document's title goes with it
	Reason string // which of the documented cases this is; for programs
	Detail string // what is wrong with this request; for people, and without any secret

	ErrCode int    // WeChat's errcode; 0: none
	ErrMsg  string // WeChat's errmsg; shown with status 422 only, unless ShowErrCode is set
	Hint    string // what the likely cause is; shown with status 403 and 422 only
	RID     string // WeChat's request id; shown with status 502 and 503 only

	ShowErrCode bool // ErrCode and ErrMsg are shown whatever the status: some clients look for nothing else

	RetryAfter time.Duration // for the Retry-After header, rounded up to whole seconds; 0: no such header
	Err        error         // the cause: for logs, never shown

	Warn bool // logged as a warning, for it is not for want of care that a client gets it
	Form Form // how it is answered, whatever the configuration says of errors; nil: as a problem document

	message language.Message // Detail as it can be said in other languages; the zero value: in none
}

// Error implements error. What it says may be shown to clients, as Caddy's {err.message} is.
func (p *Problem) Error() string { return p.Detail }

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Newf makes a Problem without a cause.
func Newf(status int, reason, format string, args ...any) *Problem {
	p := &Problem{Status: status, Reason: reason}
	p.Detailf(format, args...)
	return p
}

// Detailf sets the detail. The table of texts has format and the phrases among args, which a test makes sure of.
func (p *Problem) Detailf(format string, args ...any) {
	p.say(language.Message{Format: format, Args: args})
}

func (p *Problem) say(m language.Message) {
	p.message = m
	p.Detail = m.Error()
}

// Format is the detail without what is special about this request: few are there in all. It is empty where the detail was not set
// by Detailf.
func (p *Problem) Format() string { return p.message.Format }

// Within puts the detail into a sentence: format has one verb, for it.
func (p *Problem) Within(format string) { p.Detailf(format, p.message) }

// Invalid is the 400 for a field, or a whole request, that is malformed.
func Invalid(format string, args ...any) *Problem {
	return Newf(http.StatusBadRequest, ReasonInvalidRequest, format, args...)
}

// StatusClientClosedRequest is what Caddy logs for a client that did not wait for its answer.
const StatusClientClosedRequest = 499
