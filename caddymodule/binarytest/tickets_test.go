//go:build binary

package binarytest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// TestSignsUnderEveryRule has the phone judge what is signed, by whichever rule WeChat gives tickets.
func TestSignsUnderEveryRule(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"fresh", "honest", "grid"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := runWeChat(t, "tickets "+rule)
			get(t, w.url+"/_sandbox/calls")
			h := newHome(t, appSecret)
			port := freeport.Ports(t, 1)[0]
			h.run(t, h.file(t, "Caddyfile", gateway(w, port, "")))
			for range 3 {
				cards := get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pSandboxCoupon00000000000001")
				resp, err := http.Post(w.url+"/_sandbox/phone/addCard", "application/json", bytes.NewReader(cards))
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				var answer struct {
					ErrMsg string `json:"errMsg"`
				}
				if err != nil || json.Unmarshal(body, &answer) != nil || !strings.HasSuffix(answer.ErrMsg, ":ok") {
					t.Errorf("the phone says %s, %v", body, err)
				}
			}
			w.wantCalls(t, oneOfEach)
		})
	}
}
