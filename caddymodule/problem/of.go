package problem

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Of finds the answer for an error of an action. It is nil for errors that are none of ours, those of next among them.
func Of(err error, now time.Time) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*field.Invalid](err); ok {
		p := &Problem{Status: http.StatusBadRequest, Reason: ReasonInvalidRequest}
		p.say(e.Message)
		return p
	}
	if e, ok := errors.AsType[*wechat.ForeignToken](err); ok {
		return foreignToken(e, err)
	}
	if e, ok := errors.AsType[*credential.Unavailable](err); ok {
		p := Newf(http.StatusServiceUnavailable, ReasonCredentialUnavailable, "there is no usable %s at the moment", e.Kind)
		p.RetryAfter, p.Err = wait(e.RetryAt, now), err
		if we, ok := errors.AsType[*wechat.Error](err); ok {
			p.fromWechat(we)
		}
		return p
	}
	if e, ok := errors.AsType[*limit.Busy](err); ok {
		p := Newf(http.StatusServiceUnavailable, ReasonBusy, "too many requests that need WeChat's %s call", e.API)
		if e.Network {
			p.Detailf("WeChat refused too many requests of this network that need its %s call", e.API)
		}
		p.RetryAfter, p.Err = max(e.RetryAfter, time.Second), err
		return p
	}
	if e, ok := errors.AsType[*secure.Unverified](err); ok {
		p := Newf(http.StatusBadGateway, ReasonWechatError, "an answer does not prove by API 安全 to be WeChat's: %s", e.Why)
		if we, ok := errors.AsType[*wechat.Error](err); ok && we.Status != 0 {
			p.Detailf("an answer with HTTP status %d does not prove by API 安全 to be WeChat's: %s", we.Status, e.Why)
		}
		p.Err = err
		return p
	}
	if e, ok := errors.AsType[*wechat.Error](err); ok {
		return problemOfWechat(e, err, now)
	}
	return nil
}

// foreignToken is the answer to a call that WeChat takes another's access_token on: it would say no more than 40001 or 48001.
func foreignToken(e *wechat.ForeignToken, err error) *Problem {
	p := Newf(http.StatusForbidden, ReasonPathNotAllowed,
		"calls below /card/ and of getticket are an official account's: WeChat takes no mini program's access_token there")
	if e.Wants == wechat.MiniProgram {
		p.Detailf("calls below /wxa/ are a mini program's: WeChat takes no official account's access_token there")
	}
	p.Err = err
	return p
}

// TimedOut is the answer when WeChat took longer than the request could wait.
func TimedOut(err error) *Problem {
	p := Newf(http.StatusGatewayTimeout, ReasonWechatTimeout, "WeChat did not answer in time")
	p.Err = err
	return p
}

// problemOfWechat is problemOf for the very call that the request needs.
func problemOfWechat(e *wechat.Error, err error, now time.Time) *Problem {
	if e.Timeout {
		return TimedOut(err)
	}
	p := &Problem{Err: err}
	p.fromWechat(e)
	switch reaction := e.Reaction(); {
	case reaction == wechat.Refused:
		p.Status, p.Reason = http.StatusUnprocessableEntity, ReasonWechatRejected
		p.Detailf("WeChat refused what was asked")
	case reaction == wechat.Credential:
		p.Status, p.Reason = http.StatusServiceUnavailable, ReasonCredentialUnavailable
		p.Detailf("WeChat refuses the access_token")
		p.RetryAfter = wait(e.NotBefore(now), now)
	case reaction == wechat.Quota || e.Code < 0: // -1 is "system busy"
		p.Status, p.Reason = http.StatusServiceUnavailable, ReasonBusy
		p.Detailf("WeChat takes no more calls at the moment")
		p.RetryAfter = wait(e.NotBefore(now), now)
	default:
		p.Status, p.Reason = http.StatusBadGateway, ReasonWechatError
		p.Detailf("WeChat did not do what was asked")
	}
	return p
}

func (p *Problem) fromWechat(e *wechat.Error) {
	p.ErrCode, p.ErrMsg, p.Hint, p.RID = e.Code, e.Msg, e.Hint(), e.RID
}

// wait is the time from now until t, at least a second.
func wait(t, now time.Time) time.Duration { return max(t.Sub(now), time.Second) }
