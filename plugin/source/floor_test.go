package source

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// TestRemoteBelievesTheTruth: a gateway may say more in expires_in than is true, to please SDKs, and adds the truth.
func TestRemoteBelievesTheTruth(t *testing.T) {
	for _, tc := range []struct {
		name, answer, field string
		life                time.Duration
		fails               bool
	}{
		{"truth", `{"access_token":"T","expires_in":1800,"true_expires_in":345}`, "", 345 * time.Second, false},
		{"no truth", `{"access_token":"T","expires_in":1800}`, "", 30 * time.Minute, false},
		{"more than is said", `{"access_token":"T","expires_in":1800,"true_expires_in":7200}`, "", 30 * time.Minute, false},
		{"null", `{"access_token":"T","expires_in":1800,"true_expires_in":null}`, "", 30 * time.Minute, false},
		{"garbage", `{"access_token":"T","expires_in":1800,"true_expires_in":"soon"}`, "", 0, true},
		{"another field is asked for", `{"access_token":"T","rest":900,"expires_in":1800,"true_expires_in":345}`, "rest", 15 * time.Minute, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := owner(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tc.answer) })
			g, err := remote(t, RemoteConfig{URL: url, ExpiresField: tc.field}).Fetch(t.Context(), credential.AccessToken, "")
			if (err != nil) != tc.fails || g.Lifetime != tc.life {
				t.Errorf("got %v, %v", g.Lifetime, err)
			}
		})
	}
}
