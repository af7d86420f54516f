package wechat

import (
	"context"
	"errors"
	"io"
	"testing"
)

func TestOutcome(t *testing.T) {
	clean := newCleaner(&Call{})
	for _, tc := range []struct {
		err  error
		want string
	}{
		{nil, "0"},
		{&Error{Code: 40164}, "40164"},
		{&Error{Code: -1}, "-1"},
		{transportError(clean, context.DeadlineExceeded), "timeout"},
		{transportError(clean, context.DeadlineExceeded), "timeout"},
		{transportError(clean, context.Canceled), "canceled"},
		{transportError(clean, io.ErrUnexpectedEOF), "network"},
		{&Error{Status: 502}, "http_5xx"},
		{&Error{Err: errNotJSON}, "nonsense"},
		{&Error{Err: errTooLong}, "nonsense"},
		{errors.New("something else"), "nonsense"},
	} {
		if got := Outcome(tc.err); got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.err, got, tc.want)
		}
	}
}
