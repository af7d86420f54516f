package relay

import (
	"cmp"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// slashesHint is for SDKs that were given a base URL with a slash at its end.
const slashesHint language.Phrase = "there are two slashes in a row: take the one at the end of the program's base URL away"

// wrongTokenHint says where the other token comes from.
const wrongTokenHint language.Phrase = "give such calls a relay of their own: with mini_program for those of a mini program, without it for those of an official account"

// wrongToken is the answer to a call that wants the access_token of another kind of account.
func wrongToken(err error) error {
	p := problem.Of(err, time.Now())
	if p == nil {
		return err
	}
	p.Hint = string(wrongTokenHint)
	return p
}

// What stands in the place of WeChat's errcode. SDKs make a call again upon the first alone.
const (
	errSystem       = -1    // system error
	errUnauthorized = 48001 // api unauthorized
	errFormat       = 47001 // data format error
)

// Phrase implements Phrasing: SDKs look for errcode and errmsg, whatever the status is.
func (*Relay) Phrase(p *problem.Problem) {
	p.ShowErrCode = true
	if p.ErrCode != 0 {
		p.ErrMsg = cmp.Or(p.ErrMsg, p.Detail)
		return
	}
	switch {
	case p.Status >= http.StatusInternalServerError:
		p.ErrCode = errSystem
	case p.Status == http.StatusForbidden:
		p.ErrCode = errUnauthorized
	default:
		p.ErrCode = errFormat
	}
	p.ErrMsg = p.Detail
}
