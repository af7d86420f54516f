//go:build binary

package binarytest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shopSite is the public site of a shop whose backend is an SDK.
const shopSite = `
shop.example.com {
	wechat_card /wechat/addCard add_card {
		card ` + shopCard + `
	}
}
`

// sdks are programs on the two SDKs that run all the time.
type sdks struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	log   *buffer
	ended chan struct{}
	round chan string // a line for each round
	last  []byte      // after ended: what they saw
}

// seenBySDK is what one SDK did.
type seenBySDK struct {
	Rounds, Tokens, Signatures int
	Errors                     []string
}

// runSDKs starts both SDKs. With a gateway they are told that by their own settings; name resolution leads the rest of their calls
// to port tlsPort, whose certificate they know by its root.
func runSDKs(t *testing.T, w *wechat, gateway, tlsPort, root string) *sdks {
	t.Helper()
	settings, err := json.Marshal(map[string]string{"appID": shopAppID, "secret": shopSecret, "phone": w.url, "gateway": gateway})
	if err != nil {
		t.Fatal(err)
	}
	s := &sdks{t: t, cmd: exec.Command("node", "-r", "./resolve.js", "sdk.js", string(settings)), log: new(buffer), ended: make(chan struct{}), round: make(chan string)}
	s.cmd.Dir = "legacy/node"
	s.cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+root, "GATEWAY_TLS="+tlsPort, "NODE_NO_WARNINGS=1")
	s.cmd.Stderr = s.log
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.last = append(s.last[:0], lines.Bytes()...)
			select {
			case s.round <- lines.Text():
			default:
			}
		}
		_ = s.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
	})
	return s
}

// wait waits until both SDKs have begun and ended a round from now on.
func (s *sdks) wait() {
	s.t.Helper()
	patience := time.After(20 * time.Second)
	for name, rounds := "", map[string]int{}; rounds["co-wechat-api"] < 2 || rounds["wechat-api"] < 2; rounds[name]++ {
		select {
		case name = <-s.round:
		case <-s.ended:
			s.t.Fatalf("the SDKs ended: %s\n%s", s.last, s.log)
		case <-patience:
			s.t.Fatalf("the SDKs made no round: %v\n%s", rounds, s.log)
		}
	}
}

// end ends the SDKs, and fails the test for each error that one of them met, and when one has had another number of tokens than
// told.
func (s *sdks) end(least, most int) {
	s.t.Helper()
	s.stdin.Close()
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the SDKs do not end\n%s", s.log)
	}
	seen := make(map[string]seenBySDK)
	if err := json.Unmarshal(s.last, &seen); err != nil || len(seen) != 2 {
		s.t.Fatalf("the SDKs saw %s: %v\n%s", s.last, err, s.log)
	}
	for name, saw := range seen {
		s.t.Logf("%s: %d rounds, %d tokens", name, saw.Rounds, saw.Tokens)
		if saw.Tokens < least || saw.Tokens > most || saw.Rounds < 2*least || saw.Signatures != saw.Rounds {
			s.t.Errorf("%s: got %+v", name, saw)
		}
		for _, e := range saw.Errors {
			s.t.Errorf("%s: %s", name, e)
		}
	}
}

// rootCertificate waits until the gateway serves the name of WeChat's API, and gives the path of Caddy's root certificate.
func (s *shop) rootCertificate(port string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.home.dir, "data", "caddy", "pki", "authorities", "local", "root.crt")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		pool := x509.NewCertPool()
		pem, err := os.ReadFile(path)
		if err == nil && pool.AppendCertsFromPEM(pem) {
			var conn *tls.Conn
			if conn, err = tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{ServerName: "api.weixin.qq.com", RootCAs: pool}); err == nil {
				conn.Close()
				return path
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("api.weixin.qq.com is not served: %v", err)
		}
	}
}

// TestLegacySDKs runs two SDKs from npm on credentials and relay, while the gateway signs with the same credentials. Nothing is
// refused to anybody.
func TestLegacySDKs(t *testing.T) {
	t.Parallel()
	needPrograms(t, "node")
	for _, name := range []string{"co-wechat-api", "wechat-api"} {
		if _, err := os.Stat("legacy/node/node_modules/" + name); err != nil {
			missing(t, "npm ci has not been run in caddymodule/binarytest/legacy/node: %v", err)
		}
	}
	for _, tc := range []struct {
		name    string
		told    bool // the SDKs are told where to connect to, as far as they can be
		lasting bool // tokens live for two hours, and WeChat revokes them; else they end by themselves
	}{
		{name: "settings", told: true},
		{name: "settings, revoked tokens", told: true, lasting: true},
		{name: "name resolution, revoked tokens", lasting: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			options, rotations, least, most := "expires_in 11", 2, 3, 9 // an SDK thinks that a token ends 10 s early
			if tc.lasting {
				options, rotations, least, most = "", 3, 1, 1 // the SDKs go on sending the dead one
			}
			w := runWeChat(t, fmt.Sprintf("app %s %s\n%s", shopAppID, shopSecret, options))
			p := shopPorts(t)
			text, gateway := recipe(t, "## Programs that nobody can change", 0)+shopSite, ""
			if tc.told {
				gateway = "http://127.0.0.1:" + p["8081"]
				text += strings.TrimPrefix(recipe(t, "## SDKs", 0), accountOption)
			}
			s := runShop(t, w, text, p, fmt.Sprintf("\thttps_port %s\n\thttp_port %s\n", p["443"], p["80"]))
			programs := runSDKs(t, w, gateway, p["443"], s.rootCertificate(p["443"]))
			programs.wait()
			end := s.trade(t.Context(), "/wechat/addCard")
			for range rotations {
				if tc.lasting {
					s.rotate(endTokens)
				} else {
					s.awaitRotation()
				}
				programs.wait()
			}
			programs.end(least, most)
			end()
			answers := exported(string(get(t, "http://"+s.admin+"/metrics")))["caddy_wechat_card_answers_total"]
			for _, labels := range answers {
				if labels["reason"] != "ok" {
					t.Errorf("the gateway refused something: %v", labels)
				}
			}
			if len(answers) != 3 { // add_card, credentials, relay
				t.Errorf("got answers %v", answers)
			}
			if calls := w.calls(t); calls["/cgi-bin/token"] > 0 || calls["/cgi-bin/stable_token"] <= rotations {
				t.Errorf("calls of WeChat: %v", calls)
			}
		})
	}
}

// awaitRotation waits until the gateway has another access_token.
func (s *shop) awaitRotation() {
	s.t.Helper()
	expires := func() time.Time {
		var status struct {
			Accounts map[string]struct {
				Credentials map[string]struct{ Expires time.Time }
			}
		}
		if err := json.Unmarshal(get(s.t, "http://"+s.admin+"/wechat_card/status"), &status); err != nil {
			s.t.Fatal(err)
		}
		return status.Accounts["default"].Credentials["access_token"].Expires
	}
	for before, deadline := expires(), time.Now().Add(30*time.Second); expires().Sub(before) < time.Second; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the access_token does not change")
		}
	}
}
