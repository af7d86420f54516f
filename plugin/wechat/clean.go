package wechat

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds every text that comes from outside and goes into an Error.
const maxText = 512

// cleaner makes foreign text fit for an Error: the errmsg of an answer, or the
// text of a transport failure, which may quote what the other side sent, which
// may be our own request.
type cleaner struct {
	secrets *strings.Replacer // nil: nothing to hide
}

func newCleaner(call *Call) *cleaner {
	var pairs []string
	for _, s := range append([]string{call.AccessToken}, call.Secrets...) {
		// Shorter ones are no secrets, but would tear up the text.
		if len(s) < 4 {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			pairs = append(pairs, form, "***")
		}
	}
	if pairs == nil {
		return &cleaner{}
	}
	return &cleaner{strings.NewReplacer(pairs...)}
}

// text drops what cannot be printed, hides the secrets and cuts what is too long.
func (c *cleaner) text(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, s)
	if c.secrets != nil {
		s = c.secrets.Replace(s)
	}
	if len(s) > maxText {
		s = s[:maxText]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}

// transportError is the Error of a call that got no answer.
func transportError(clean *cleaner, err error) *Error {
	timeout := errors.Is(err, context.DeadlineExceeded)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		timeout = true
	}
	switch {
	case errors.Is(err, context.Canceled):
		err = context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		err = context.DeadlineExceeded
	default:
		// Behind a quotation mark net/http repeats what it got.
		text, _, _ := strings.Cut(err.Error(), ` "`)
		err = &failure{clean.text(text), err}
	}
	return &Error{Timeout: timeout, Err: err}
}

// failure is a transport failure whose text has been cleaned. It matches what
// the original matches but does not hand it out.
type failure struct {
	text     string
	original error
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return errors.Is(f.original, target) }
