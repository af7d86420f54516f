// Package value evaluates what an operator has configured for a field, for each request.
package value

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Value is what the operator configured for a field; the zero value: nothing.
type Value struct {
	Raw     string
	Dynamic bool // holds placeholders

	warned *atomic.Int64 // when it was last told that this came out as none, in seconds since 1970
}

// New compiles a configured value.
func New(f field.Field, raw string) (Value, error) {
	v := Value{Raw: words.InFull(raw), Dynamic: words.IsDynamic(raw), warned: new(atomic.Int64)}
	if v.Dynamic {
		if f == field.Code || f == field.OpenID {
			redact.AddSources(v.Raw)
		}
		return v, nil
	}
	return v, field.CheckConfigured(f, raw)
}

// Eval gives the value for a request.
func (v Value) Eval(f field.Field, r *http.Request) (string, error) {
	s := v.Raw
	if v.Dynamic {
		var err error
		if s, err = Of(r, f.Name(), v.Raw); err != nil {
			return "", err
		}
	}
	if f == field.OpenID && !field.IsOpenID(s) {
		return "", v.noOpenID()
	}
	if !v.Dynamic {
		return s, nil
	}
	return s, field.CheckConfigured(f, s)
}

// noOpenID is the answer where an openid is configured that WeChat gave to nobody, such as a site's own name for a user: phones
// refuse what is signed with it. Of those within a minute one is logged as a warning.
func (v Value) noOpenID() error {
	p := problem.Newf(http.StatusForbidden, problem.ReasonValueInvalid, "the value that is configured for openid came out as none: an openid is o and 27 letters, digits, _ and -")
	now, last := time.Now().Unix(), v.warned.Load()
	p.Warn = now-last >= 60 && v.warned.CompareAndSwap(last, now)
	return p
}

// Of evaluates the placeholders of what is configured for a name, each in full.
func Of(r *http.Request, name, raw string) (string, error) {
	s, err := words.Replacer(r).ReplaceOrErr(raw, true, true)
	if err != nil || s == "" {
		p := problem.Newf(http.StatusForbidden, problem.ReasonValueMissing, "the value that is configured for %s came out empty", name)
		p.Err = err
		return "", p
	}
	return s, nil
}
