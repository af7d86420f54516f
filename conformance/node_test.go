package conformance

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// TestNodeSDKs uses SDKs from npm as they come, across rotations. co-wechat-api and wechat-api, which call more, are used in
// caddymodule/binarytest.
func TestNodeSDKs(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("node/node_modules/node-easywechat"); err != nil {
		if os.Getenv("CI_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip("npm ci has not been run in conformance/node")
	}
	g := startGateway(t, sandbox.New(sandbox.Config{}), "", "")
	settings, err := json.Marshal(map[string]string{"appID": sitetest.AppID, "secret": sitetest.Secret, "gateway": g.URL, "dir": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "sdk.js", string(settings)) //nolint:gosec // a test's own
	cmd.Dir, cmd.Stderr = "node", os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}()
	type seen struct {
		Token, Error string
		Lives        []float64
		Menu         json.RawMessage
		Signed       struct {
			NonceStr, Signature string
			Timestamp           any
		}
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	say := func(what string) (all map[string]seen) {
		t.Helper()
		if _, err := stdin.Write([]byte(what + "\n")); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatalf("the SDKs ended: %v", lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &all); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		return all
	}
	round := func(when string) map[string]string {
		t.Helper()
		tokens := make(map[string]string)
		for name, s := range say("round") {
			if s.Error != "" || s.Token == "" {
				t.Fatalf("%s, %s: %+v", name, when, s)
			}
			for _, life := range s.Lives {
				if life <= 0 || life > 7200 {
					t.Errorf("%s keeps something for %v s", name, life)
				}
			}
			timestamp, ok := s.Signed.Timestamp.(string)
			if n, isNumber := s.Signed.Timestamp.(float64); !ok && isNumber {
				timestamp = strconv.FormatInt(int64(n), 10)
			}
			g.checkSignature(t, page, s.Signed.NonceStr, timestamp, s.Signed.Signature)
			tokens[name] = s.Token
		}
		if len(tokens) != 2 {
			t.Fatalf("%d SDKs", len(tokens))
		}
		return tokens
	}

	if resp, err := postMenu(g); err != nil {
		t.Fatalf("%s, %v", resp, err)
	}
	first := round("at first")
	if err := g.WeChat.Revoke(sandbox.Revocation{}); err != nil {
		t.Fatal(err)
	}
	round("with a token that WeChat refuses") // the call gets another one on its way
	g.renewTicket(t)
	say("forget")
	for name, token := range round("after token and ticket were renewed") {
		if token == first[name] {
			t.Errorf("%s has the dead token still", name)
		}
	}
}
