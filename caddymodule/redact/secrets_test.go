package redact

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		AddSecret("short")
		AddSecret("5eCreT-token-1")
		AddSecret("5eCreT-token-2")
		AddSecret("5eCreT-token-1")
		for in, want := range map[string]string{
			"": "", "short": "short", "5eCreT-token": "5eCreT-token", "5eCreT-token-1": "REDACTED",
			"a5eCreT-token-25eCreT-token-1b5eCreT-token-": "aREDACTEDREDACTEDb5eCreT-token-",
		} {
			if got := Secrets(in); got != want {
				t.Errorf("%s: got %s, want %s", in, got, want)
			}
		}
		time.Sleep(2 * time.Hour)
		AddSecret("5eCreT-token-2") // is given on
		time.Sleep(2 * time.Hour)
		for i := range manySecrets + 1 {
			AddSecret(fmt.Sprintf("another-token-%d", i))
		}
		if got := Secrets("5eCreT-token-1 5eCreT-token-2"); got != "5eCreT-token-1 REDACTED" {
			t.Errorf("two hours later, got %s", got)
		}
		if n := len(secrets.seen); n > manySecrets+2 {
			t.Errorf("%d are kept", n)
		}
	})
}
