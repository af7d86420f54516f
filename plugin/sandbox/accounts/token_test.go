package accounts

import (
	"testing"
	"time"
)

func TestSpansScale(t *testing.T) {
	for _, tc := range []struct{ lifetime, span, spacing time.Duration }{
		{0, 300 * time.Second, 30 * time.Second},
		{7200 * time.Second, 300 * time.Second, 30 * time.Second},
		{1200 * time.Second, 300 * time.Second, 30 * time.Second},
		{40 * time.Second, 10 * time.Second, time.Second},
		{2 * time.Second, 500 * time.Millisecond, 50 * time.Millisecond},
	} {
		s := New(nil, tc.lifetime)
		if s.span() != tc.span || s.forcedSpacing() != tc.spacing {
			t.Errorf("%v: got %v and %v, want %v and %v", tc.lifetime, s.span(), s.forcedSpacing(), tc.span, tc.spacing)
		}
	}
}
