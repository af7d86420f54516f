package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/lending"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// This file reads and writes what credentials takes and answers in WeChat's form.

// stableTokenRequest is the body of a stable_token call.
type stableTokenRequest struct {
	GrantType, AppID, Secret string
	ForceRefresh             bool
}

func readStableToken(r *http.Request) (q stableTokenRequest, err error) {
	body, err := bodies.Read(r)
	p, failed := errors.AsType[*problem.Problem](err)
	switch {
	case failed && p.Reason == problem.ReasonBodyTooLarge:
		return q, refuse(p.Reason, 45002, "content size out of limit")
	case err == nil && len(bytes.TrimSpace(body)) == 0:
		return q, refuse(problem.ReasonInvalidRequest, 44002, "empty post data")
	case err != nil || !q.read(body):
		return q, refuse(problem.ReasonInvalidRequest, 47001, "data format error")
	}
	return q, nil
}

// read reads JSON as other actions do, and tells whether there is only one way to read it.
func (q *stableTokenRequest) read(body []byte) bool {
	if !utf8.Valid(body) || !json.Valid(body) {
		return false
	}
	body = bytes.TrimSpace(body)
	if body[0] != '{' {
		return false
	}
	texts := map[string]*string{"grant_type": &q.GrantType, "appid": &q.AppID, "secret": &q.Secret}
	seen := make(map[string]bool)
	for name, raw := range jsonscan.Members(body) {
		text, isText := texts[name]
		if !isText && name != "force_refresh" {
			continue
		}
		if seen[name] {
			return false
		}
		seen[name] = true
		if raw[0] == 'n' { // null: as if it were not there
			continue
		}
		if !isText {
			if raw[0] != 't' && raw[0] != 'f' {
				return false
			}
			q.ForceRefresh = raw[0] == 't'
			continue
		}
		s, fault := jsonscan.DecodeString(raw)
		if fault != "" {
			return false
		}
		*text = s
	}
	return true
}

// refuse is what WeChat would answer: an errcode, with status 200. reason is for logs and metrics only.
func refuse(reason string, errCode int, errMsg string) *problem.Problem {
	return &problem.Problem{Status: http.StatusOK, Reason: reason, Detail: errMsg, ErrCode: errCode, ErrMsg: errMsg, Form: asWechat}
}

func refuseMethod(want string) *problem.Problem {
	errCode := 43001
	if want == http.MethodPost {
		errCode = 43002
	}
	return refuse(problem.ReasonMethodNotAllowed, errCode, "require "+want+" method")
}

// refusalOf gives a failure WeChat's form. What WeChat itself said is passed on; anything else is "system error", upon which
// SDKs try again.
func refusalOf(r *http.Request, err error) error {
	if _, ok := errors.AsType[*problem.Problem](err); ok || r.Context().Err() != nil {
		return err
	}
	p := problem.Of(err, time.Now())
	if _, ok := errors.AsType[*wechat.ForeignToken](err); ok {
		p.ShowErrCode, p.ErrCode, p.ErrMsg = true, 48001, p.Detail
		return p
	}
	if p == nil {
		p = &problem.Problem{Reason: problem.ReasonCredentialUnavailable, Detail: "there is no usable credential at the moment", Err: err}
	}
	p.Status, p.Form = http.StatusOK, asWechat
	if r.URL.Path == ticketPath && slices.Contains(tokenErrCodes, p.ErrCode) {
		p.ErrCode = 0 // WeChat refused our token or secret; the caller would look for the fault in his own
	}
	return p
}

// tokenErrCodes make callers fetch another access_token.
var tokenErrCodes = []int{40001, 40014, 42001}

// appendLoan ends an answer that lends a credential.
func appendLoan(b []byte, name string, loan lending.Loan) []byte {
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	b = card.AppendString(b, loan.Text)
	b = append(b, `,"expires_in":`...)
	b = strconv.AppendInt(b, int64(loan.Said), 10)
	if loan.Said != loan.ExpiresIn { // for another gateway, whose calls go through no relay of ours
		b = append(b, `,"true_expires_in":`...)
		b = strconv.AppendInt(b, int64(loan.ExpiresIn), 10)
	}
	return append(b, '}')
}

// asWechat answers for a Problem in WeChat's form.
func asWechat(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	answerAsWechat(w, r, appendRefusal(nil, p))
}

// appendRefusal is the answer for a Problem in WeChat's form.
func appendRefusal(b []byte, p *problem.Problem) []byte {
	errCode, errMsg := p.ErrCode, p.ErrMsg
	if errCode == 0 {
		errCode, errMsg = -1, "system error" // which is the fault of nobody who asks
	}
	b = append(b, `{"errcode":`...)
	b = strconv.AppendInt(b, int64(errCode), 10)
	b = problem.AppendMember(b, "errmsg", errMsg)
	return append(b, '}')
}

// answerAsWechat writes a body as WeChat's API does.
func answerAsWechat(w http.ResponseWriter, r *http.Request, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; encoding=utf-8") // "encoding" is no slip of ours
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	isHead := r.Method == http.MethodHead
	if isHead { // else the server counts: a length of ours would stay where intercept writes another body
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(http.StatusOK)
	if !isHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
}
