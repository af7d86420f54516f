//go:build binary

package binarytest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// TestMiniProgramSDK has co-wechat-api, as it comes, be the SDK of a mini program's backend by credentials and relay. A token that
// WeChat ends is replaced on the way of a call, so the SDK keeps the dead one and does not notice.
func TestMiniProgramSDK(t *testing.T) {
	t.Parallel()
	needPrograms(t, "node")
	if _, err := os.Stat("legacy/node/node_modules/co-wechat-api"); err != nil {
		missing(t, "npm ci has not been run in caddymodule/binarytest/legacy/node: %v", err)
	}
	const miniID, miniSecret, key = "wx8f2b6c1d9e4a7350", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "a-key-of-the-gateway"
	w := runWeChat(t, fmt.Sprintf("app %s %s\nmini_program %s %s", shopAppID, shopSecret, miniID, miniSecret))
	p := shopPorts(t)
	runShop(t, w, `{
	wechat_card {
		account {
			app_id `+shopAppID+`
			app_secret {env.WECHAT_APP_SECRET}
			mini_program `+miniID+` `+miniSecret+`
		}
	}
}

http://127.0.0.1:8081 {
	route {
		wechat_card credentials {
			mini_program `+miniID+` {
				key `+key+`
			}
		}
		wechat_card relay {
			mini_program
			allow /wxa/getwxacodeunlimit /cgi-bin/wxaapp/* /cgi-bin/message/subscribe/send
		}
	}
}
`, p, "")
	settings, err := json.Marshal(map[string]string{"appID": miniID, "secret": miniSecret, "key": key, "gateway": "http://127.0.0.1:" + p["8081"], "sandbox": w.url})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "mini.js", string(settings))
	cmd.Dir, cmd.Stderr = "legacy/node", new(buffer)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, cmd.Stderr)
	}
	var saw struct {
		Pictures []bool
		Sent     []int
		Tokens   []string
	}
	if err := json.Unmarshal(out, &saw); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(saw.Pictures) != 4 || slices.Contains(saw.Pictures, false) || !slices.Equal(saw.Sent, []int{0, 43101, 0, 43101}) { // one message for a consent
		t.Errorf("got %+v", saw)
	}
	if len(saw.Tokens) != 2 || saw.Tokens[0] == "" || saw.Tokens[0] != saw.Tokens[1] {
		t.Errorf("the SDK had the tokens %q", saw.Tokens)
	}
	if n := w.calls(t)["/cgi-bin/stable_token"]; n > 4 { // of the account and of the mini program, each once more after its end
		t.Errorf("%d tokens were fetched", n)
	}
}
