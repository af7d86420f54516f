//go:build !nowechatredis

package app_test

import "testing"

func TestTokenSourceRedisProvision(t *testing.T) {
	t.Setenv("TEST_EMPTY", "")
	for account, mention := range map[string]string{
		`"token_source":{"source":"redis","url":"h:1","key":"{env.TEST_EMPTY}"}`: "token_source: key",
		`"token_source":{"source":"redis","url":"redis://hidden@h:1","key":"k"}`: "user without a password",
		`"token_source":{"source":"redis","url":"h:1","key":"k","field":"."}`:    "token_source: field",
	} {
		refusesSource(t, account, mention)
	}
}
