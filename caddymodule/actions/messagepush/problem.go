package messagepush

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/dedupe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// pushProblem finds the answer for what went wrong with a message. Operators hear of all of it: strangers know no such URL.
func pushProblem(err error) error {
	if e, ok := errors.AsType[*push.Refused](err); ok {
		problem := problem.Newf(http.StatusForbidden, problem.ReasonSignatureInvalid, "%s", language.Phrase(e.Reason))
		if e.Of != "" {
			problem.Detailf("%s %s", language.Phrase(e.Reason), e.Of)
		}
		return problem
	}
	if e, ok := errors.AsType[*push.Malformed](err); ok {
		problem := problem.Invalid("%s", language.Phrase(e.Reason))
		if e.Of != "" {
			problem.Detailf("%s %s", language.Phrase(e.Reason), e.Of)
		}
		problem.Err, problem.Warn = e.Err, true
		return problem
	}
	if errors.Is(err, dedupe.ErrElsewhere) {
		problem := problem.Newf(http.StatusServiceUnavailable, problem.ReasonBusy, "another machine is still at work on this message")
		problem.RetryAfter = time.Second
		return problem
	}
	return err
}
