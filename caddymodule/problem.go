package caddymodule

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The reasons of problem documents.
const (
	reasonInvalidRequest        = "invalid_request"
	reasonCardNotAllowed        = "card_not_allowed"
	reasonFieldNotAllowed       = "field_not_allowed"
	reasonClientNotAllowed      = "client_not_allowed"
	reasonPathNotAllowed        = "path_not_allowed"
	reasonOriginNotAllowed      = "origin_not_allowed"
	reasonSignatureInvalid      = "signature_invalid"
	reasonValueMissing          = "value_missing"
	reasonMethodNotAllowed      = "method_not_allowed"
	reasonBodyTooLarge          = "body_too_large"
	reasonUnsupportedMediaType  = "unsupported_media_type"
	reasonWechatRejected        = "wechat_rejected"
	reasonWechatError           = "wechat_error"
	reasonCredentialUnavailable = "credential_unavailable"
	reasonBusy                  = "busy"
	reasonWechatTimeout         = "wechat_timeout"
	reasonBackendFailed         = "backend_failed"
)

// Problem is an error with the answer that it deserves: a problem document (RFC 9457).
type Problem struct {
	Status int    // of the HTTP answer; the document's title goes with it
	Reason string // which of the documented cases this is; for programs
	Detail string // what is wrong with this request; for people, and without any secret

	ErrCode int    // WeChat's errcode; 0: none
	ErrMsg  string // WeChat's errmsg; shown with status 422 only, like Hint
	Hint    string // what the likely cause is
	RID     string // WeChat's request id; shown with status 502 and 503 only

	RetryAfter time.Duration // for the Retry-After header, rounded up to whole seconds; 0: no such header
	Err        error         // the cause: for logs, never shown

	Warn bool // logged as a warning, for it is not for want of care that a client gets it
	Form Form // how it is answered, whatever the configuration says of errors; nil: as a problem document

	message message // Detail as it can be said in other languages; the zero value: in none
}

// Form writes the answer for a Problem in the place of a problem document: some clients read another form only.
type Form func(w http.ResponseWriter, r *http.Request, p *Problem)

// Error implements error. What it says may be shown to clients, as Caddy's {err.message} is.
func (p *Problem) Error() string { return p.Detail }

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// problemf makes a Problem without a cause.
func problemf(status int, reason, format string, args ...any) *Problem {
	p := &Problem{Status: status, Reason: reason}
	p.detailf(format, args...)
	return p
}

// detailf sets the detail. The table of texts has format and the phrases among args, which a test makes sure of.
func (p *Problem) detailf(format string, args ...any) {
	p.say(message{format, args})
}

func (p *Problem) say(m message) {
	p.message = m
	p.Detail = m.Error()
}

// within puts the detail into a sentence: format has one verb, for it.
func (p *Problem) within(format string) { p.detailf(format, p.message) }

// invalid is the 400 for a field, or a whole request, that is malformed.
func invalid(format string, args ...any) *Problem {
	return problemf(http.StatusBadRequest, reasonInvalidRequest, format, args...)
}

// statusClientClosedRequest is what Caddy logs for a client that did not wait for its answer.
const statusClientClosedRequest = 499

// problemOf finds the answer for an error of an action. It is nil for errors that are none of ours, those of next among them.
func problemOf(err error, now time.Time) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*Invalid](err); ok {
		p := &Problem{Status: http.StatusBadRequest, Reason: reasonInvalidRequest}
		p.say(e.Message)
		return p
	}
	if e, ok := errors.AsType[*credential.Unavailable](err); ok {
		p := problemf(http.StatusServiceUnavailable, reasonCredentialUnavailable, "there is no usable %s at the moment", e.Kind)
		p.RetryAfter, p.Err = wait(e.RetryAt, now), err
		if we, ok := errors.AsType[*wechat.Error](err); ok {
			p.fromWechat(we)
		}
		return p
	}
	if e, ok := errors.AsType[*plugin.Busy](err); ok {
		p := problemf(http.StatusServiceUnavailable, reasonBusy, "too many requests that need WeChat's %s call", e.API)
		p.RetryAfter, p.Err = max(e.RetryAfter, time.Second), err
		return p
	}
	if e, ok := errors.AsType[*wechat.Error](err); ok {
		return problemOfWechat(e, err, now)
	}
	return nil
}

// timedOut is the answer when WeChat took longer than the request could wait.
func timedOut(err error) *Problem {
	p := problemf(http.StatusGatewayTimeout, reasonWechatTimeout, "WeChat did not answer in time")
	p.Err = err
	return p
}

// problemOfWechat is problemOf for the very call that the request needs.
func problemOfWechat(e *wechat.Error, err error, now time.Time) *Problem {
	if e.Timeout {
		return timedOut(err)
	}
	p := &Problem{Err: err}
	p.fromWechat(e)
	switch reaction := e.Reaction(); {
	case reaction == wechat.Refused:
		p.Status, p.Reason = http.StatusUnprocessableEntity, reasonWechatRejected
		p.detailf("WeChat refused what was asked")
	case reaction == wechat.Credential:
		p.Status, p.Reason = http.StatusServiceUnavailable, reasonCredentialUnavailable
		p.detailf("WeChat refuses the access_token")
		p.RetryAfter = wait(e.NotBefore(now), now)
	case reaction == wechat.Quota || e.Code < 0: // -1 is "system busy"
		p.Status, p.Reason = http.StatusServiceUnavailable, reasonBusy
		p.detailf("WeChat takes no more calls at the moment")
		p.RetryAfter = wait(e.NotBefore(now), now)
	default:
		p.Status, p.Reason = http.StatusBadGateway, reasonWechatError
		p.detailf("WeChat did not do what was asked")
	}
	return p
}

func (p *Problem) fromWechat(e *wechat.Error) {
	p.ErrCode, p.ErrMsg, p.Hint, p.RID = e.Code, e.Msg, e.Hint(), e.RID
}

// wait is the time from now until t, at least a second.
func wait(t, now time.Time) time.Duration { return max(t.Sub(now), time.Second) }

// setHeader sets what belongs to the problem whoever writes the body: Caddy's error routes, or write.
func (p *Problem) setHeader(h http.Header) {
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
}

// write answers with the problem document.
func (p *Problem) write(w http.ResponseWriter, r *http.Request) {
	if p.Form != nil {
		p.Form(w, r, p)
		return
	}
	lang := english
	if p.message.in(chinese) != "" {
		lang = preferred(r.Header["Accept-Language"])
	}
	body := p.appendJSON(nil, lang)
	h := w.Header()
	p.setHeader(h)
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Language", string(lang))
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
}

// appendJSON writes the problem document. What lang has no text for is English.
func (p *Problem) appendJSON(b []byte, lang language) []byte {
	b = append(b, `{"type":"about:blank","title":`...)
	b = card.AppendString(b, phrase(http.StatusText(p.Status)).in(lang))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(p.Status), 10)
	b = appendMember(b, "detail", cmp.Or(p.message.in(lang), p.Detail))
	b = appendMember(b, "reason", p.Reason)
	switch p.Status {
	case http.StatusUnprocessableEntity:
		b = p.appendErrCode(b)
		if p.ErrCode != 0 {
			b = appendMember(b, "errmsg", p.ErrMsg)
		}
		if p.Hint != "" {
			b = appendMember(b, "hint", phrase(p.Hint).in(lang))
		}
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		b = p.appendErrCode(b)
		if p.RID != "" {
			b = appendMember(b, "rid", p.RID)
		}
	}
	return append(b, '}')
}

func (p *Problem) appendErrCode(b []byte) []byte {
	if p.ErrCode == 0 {
		return b
	}
	b = append(b, `,"errcode":`...)
	return strconv.AppendInt(b, int64(p.ErrCode), 10)
}

func appendMember(b []byte, name, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return card.AppendString(b, printable(value))
}
