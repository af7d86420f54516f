// Package value evaluates what an operator has configured for a field, for each request.
package value

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Value is what the operator configured for a field; the zero value: nothing.
type Value struct {
	Raw     string
	Dynamic bool // holds placeholders
}

// New compiles a configured value.
func New(f field.Field, raw string) (Value, error) {
	v := Value{Raw: words.InFull(raw), Dynamic: words.IsDynamic(raw)}
	if v.Dynamic {
		return v, nil
	}
	return v, field.CheckConfigured(f, raw)
}

// Eval gives the value for a request.
func (v Value) Eval(f field.Field, r *http.Request) (string, error) {
	if !v.Dynamic {
		return v.Raw, nil
	}
	s, err := Of(r, f.Name(), v.Raw)
	if err != nil {
		return "", err
	}
	return s, field.CheckConfigured(f, s)
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
