package relay

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

const path = "/card/batchget"

// TestRefusedToken relays with a token that WeChat has revoked.
func TestRefusedToken(t *testing.T) {
	for _, tc := range []struct {
		name           string
		kept           bool // the body can be sent again
		noToken        bool // there is no other one
		calls          int
		refused, fails bool
	}{
		{name: "kept body", kept: true, calls: 2},
		{name: "streamed body", calls: 1, refused: true},
		{name: "no other token", kept: true, noToken: true, calls: 1, fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := accounttest.New(t, nil)
			if _, err := w.Credential(t.Context(), credential.AccessToken); err != nil {
				t.Fatal(err)
			}
			w.Forward(time.Minute)
			if err := w.Sandbox.Revoke(sandbox.Revocation{}); err != nil {
				t.Fatal(err)
			}
			if tc.noToken {
				if err := w.Sandbox.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: -1}); err != nil {
					t.Fatal(err)
				}
			}
			const body = `{"offset":0,"count":1}`
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://backend.example"+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			call := Call{API: "test", Request: req}
			if tc.kept {
				call.Body = []byte(body)
			}
			resp, err := New(w.Core, w.Client).Relay(call)
			if n := w.Sandbox.Calls()[path]; n != tc.calls {
				t.Errorf("%d calls, want %d", n, tc.calls)
			}
			if tc.fails {
				if _, ok := errors.AsType[*credential.Unavailable](err); !ok || resp != nil {
					t.Errorf("got %v, %v", resp, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			if err != nil || strings.Contains(string(answer), `"errcode":0`) == tc.refused {
				t.Errorf("got %s, %v", answer, err)
			}
			if dropped := w.Status(credential.AccessToken).State == credential.None; dropped != tc.refused {
				t.Errorf("the token was dropped: %v", dropped)
			}
		})
	}
}
