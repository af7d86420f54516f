package observe

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Failure is an error as operators are shown it. It holds no secret.
type Failure struct {
	ErrCode int    `json:"errcode"` // WeChat's; 0: it gave none
	ErrMsg  string `json:"errmsg"`
	Hint    string `json:"hint,omitempty"`
}

// FailureOf tells what went wrong and what is likely to mend it.
func FailureOf(err error) Failure {
	f := Failure{ErrMsg: err.Error()}
	e, ok := errors.AsType[*wechat.Error](err)
	if !ok {
		return f
	}
	f.ErrCode, f.Hint = e.Code, e.Hint()
	if msg := strings.TrimSpace(e.Msg); err == error(e) && msg != "" {
		f.ErrMsg = msg
	}
	switch {
	case f.Hint != "":
	case slices.Contains([]string{source.RemoteToken, source.RemoteTicket, source.RedisToken}, e.API):
		f.Hint = "whoever keeps this credential does not give it as it should: check token_source and ticket_source, and what answers there"
	default:
		f.Hint = hintOfOutcome(wechat.Outcome(e))
	}
	return f
}

// hintOfOutcome is the hint where no errcode gives one.
func hintOfOutcome(outcome string) string {
	switch outcome {
	case "timeout", "network":
		return "this machine does not reach WeChat: check its network and name resolution, and proxy and api in the configuration"
	case "nonsense", "http_3xx", "http_4xx":
		return "what answers is not WeChat's API: check proxy and api in the configuration"
	case "-1", "http_5xx":
		return "WeChat is busy or down; this mends itself"
	}
	return ""
}

// UnwrapUnavailable gives the cause: that the credential is unavailable is no news to whoever could not refresh it.
func UnwrapUnavailable(err error) error {
	if u, ok := errors.AsType[*credential.Unavailable](err); ok && u.Err != nil {
		return u.Err
	}
	return err
}

// String is the failure in one line.
func (f Failure) String() string {
	s := f.ErrMsg
	if f.ErrCode != 0 && !strings.Contains(s, "errcode") {
		s = fmt.Sprintf("errcode %d: %s", f.ErrCode, s)
	}
	if f.Hint != "" {
		s += " (" + f.Hint + ")"
	}
	return s
}
