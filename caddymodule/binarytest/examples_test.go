//go:build binary

package binarytest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// exampleDir is a copy of a folder of examples, whose programs find each other on free ports.
type exampleDir struct {
	*home
	t    *testing.T
	name string
	p    ports
}

// newExample copies examples/<name>. env is for all that runs there, with the ports that documents name in the place of its own.
func newExample(t *testing.T, name string, env ...string) *exampleDir {
	t.Helper()
	source := filepath.Join("..", "..", "examples", name)
	p := newPorts(t, "8080 8081 8082")
	for i := range env {
		env[i] = p.replace(env[i])
	}
	h := newHome(t, append(env, "SANDBOX_PORT="+p["8081"])...)
	if err := os.CopyFS(filepath.Join(h.dir, "examples", name), os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	return &exampleDir{h, t, name, p}
}

func (e *exampleDir) path(name string) string { return filepath.Join(e.dir, "examples", e.name, name) }

// run starts Caddy with one of the folder's Caddyfiles, which must be formatted; env is for this one alone.
func (e *exampleDir) run(name string, env ...string) *caddy {
	e.t.Helper()
	cmd, stdout, stderr := e.command(e.t, "fmt", "--diff", e.path(name))
	if err := cmd.Run(); err != nil {
		e.t.Errorf("caddy fmt: %v\n%s%s", err, stdout, stderr)
	}
	text := readFile(e.t, e.path(name))
	local := strings.Replace(text, "\n{\n", "\n{\n\tdefault_bind 127.0.0.1\n", 1)
	if local == text {
		e.t.Fatalf("%s has no global options", name)
	}
	// Caddy's own admin address comes by CADDY_ADMIN, which run sets.
	local = strings.Replace(local, "\tadmin off\n", "", 1)
	h := &home{e.dir, append(slices.Clip(e.env), env...), e.binary}
	return h.run(e.t, h.file(e.t, name, local))
}

// program starts a program that does not end by itself, and waits until it listens.
func (e *exampleDir) program(address string, args ...string) {
	e.t.Helper()
	log := new(buffer)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = e.dir, e.env
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	e.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // a master of several processes ends them
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if e.t.Failed() {
			e.t.Logf("log of %v:\n%s", args, log)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			e.t.Fatalf("%v ended:\n%s", args, log)
		default:
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("%v does not listen:\n%s", args, log)
		}
	}
}

// runReadme runs what the folder's README.md pipes to the phone, which must take the cards, and returns the number of these lines.
func (e *exampleDir) runReadme() (cards int) {
	e.t.Helper()
	for _, b := range blocks(readFile(e.t, e.path("README.md"))) {
		for line := range strings.Lines(b.text) {
			if !strings.Contains(line, "/_sandbox/phone/") {
				continue
			}
			cards++
			cmd := exec.Command("bash", "-o", "pipefail", "-c", e.p.replace(line))
			cmd.Dir, cmd.Env = e.dir, e.env
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), `"errMsg":"addCard:ok"`) {
				e.t.Errorf("%s\n%v\n%s", line, err, out)
			}
		}
	}
	if cards == 0 {
		e.t.Error("README.md takes no card")
	}
	return cards
}

// TestExamplesHaveReadmes: each folder of examples is explained in some ten lines.
func TestExamplesHaveReadmes(t *testing.T) {
	folders, err := filepath.Glob("../../examples/*/Caddyfile")
	if err != nil || len(folders) < 5 {
		t.Fatalf("%d examples, error %v", len(folders), err)
	}
	for _, folder := range folders {
		readme := filepath.Join(filepath.Dir(folder), "README.md")
		if n := strings.Count(readFile(t, readme), "\n"); n > 25 {
			t.Errorf("%s has %d lines", readme, n)
		}
	}
}

func TestExamplePHP(t *testing.T) {
	t.Parallel()
	needPrograms(t, "php-cgi")
	e := newExample(t, "php", "PORT=8080", "PHP=127.0.0.1:8082")
	e.program("127.0.0.1:"+e.p["8082"], "php-cgi", "-b", "127.0.0.1:"+e.p["8082"])
	e.run("Caddyfile")
	e.runReadme()
	if got := string(get(t, "http://127.0.0.1:"+e.p["8080"]+"/")); got != "the shop, as ever\n" {
		t.Errorf("got %q", got)
	}
}

// TestExampleGo runs the backend in Go, which nobody without a session gets a card of, and pushes it a message.
func TestExampleGo(t *testing.T) {
	t.Parallel()
	e := newExample(t, "go", "PORT=8080", "BACKEND=127.0.0.1:8082")
	backend := filepath.Join(e.dir, "backend")
	if out, err := exec.Command("go", "build", "-o", backend, "../../examples/go").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e.program("127.0.0.1:"+e.p["8082"], backend)
	e.run("Caddyfile")
	e.runReadme()
	site := "http://127.0.0.1:" + e.p["8080"]
	if got := string(get(t, site+"/")); got != "the shop, as ever\n" {
		t.Errorf("got %q", got)
	}
	if status, got := ask(t, http.MethodGet, site+"/api/coupon", nil, ""); status != http.StatusUnauthorized {
		t.Errorf("nobody got %d %s", status, got)
	}
	receiver, err := push.New(push.Config{Token: "no-token-at-all"})
	if err != nil {
		t.Fatal(err)
	}
	query, body := receiver.Again([]byte("<xml><MsgType>event</MsgType><Event>user_get_card</Event><CardId>p</CardId></xml>"), push.XML, "", time.Now())
	if status, got := ask(t, http.MethodPost, site+"/wechat/push?"+query.Encode(), nil, string(body)); status != http.StatusOK || got != "success" {
		t.Errorf("a message is answered with %d %s", status, got)
	}
}

func TestExampleNode(t *testing.T) {
	t.Parallel()
	needPrograms(t, "node")
	e := newExample(t, "node", "PORT=8080", "BACKEND=127.0.0.1:8082")
	e.program("127.0.0.1:"+e.p["8082"], "node", "examples/node/server.mjs")
	e.run("Caddyfile")
	e.runReadme()
	site := "http://127.0.0.1:" + e.p["8080"]
	if got := string(get(t, site+"/")); got != "the shop, as ever\n" {
		t.Errorf("got %q", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site+"/wechat/addCard", nil)
	if err != nil {
		t.Fatal(err)
	}
	for cookie, want := range map[string]string{"": "", "session=alice": "oAliceInThisMiniProgram00000"} {
		r.Header = http.Header{"Cookie": {cookie}, "X-Mini-Openid": {"oMallory0000000000000000000x"}}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		var answer struct {
			CardList []struct{ CardExt string }
		}
		var ext struct{ OpenID string }
		if want == "" {
			if resp.StatusCode != http.StatusUnauthorized || strings.Contains(string(body), "signature") {
				t.Errorf("nobody got %s: %s", resp.Status, body)
			}
			continue
		}
		if err := json.Unmarshal(body, &answer); err != nil || len(answer.CardList) != 1 {
			t.Fatalf("got %s: %v", body, err)
		}
		if err := json.Unmarshal([]byte(answer.CardList[0].CardExt), &ext); err != nil || ext.OpenID != want {
			t.Errorf("got %s: %v", body, err)
		}
	}
}

func TestExampleFleet(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	e := newExample(t, "fleet", "REDIS=redis://"+redis.Addr)
	e.run("sandbox.Caddyfile")
	e.run("Caddyfile", "PORT="+e.p["8080"])
	e.run("Caddyfile", "PORT="+e.p["8082"])
	if cards := e.runReadme(); cards != 2 {
		t.Errorf("README.md takes %d cards", cards)
	}
	calls := make(map[string]int)
	if err := json.Unmarshal(get(t, "http://127.0.0.1:"+e.p["8081"]+"/_sandbox/calls"), &calls); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(calls) != fmt.Sprint(oneOfEach) {
		t.Errorf("calls of WeChat: %v", calls)
	}
}

func TestExampleRelay(t *testing.T) {
	t.Parallel()
	needPrograms(t, "node")
	e := newExample(t, "relay", "PORT=8080", "GATEWAY=http://127.0.0.1:8080", "GATEWAY_KEY=0123456789abcdef0123456789abcdef")
	e.run("Caddyfile")
	e.runReadme()
	calls := make(map[string]int)
	if err := json.Unmarshal(get(t, "http://127.0.0.1:"+e.p["8081"]+"/_sandbox/calls"), &calls); err != nil {
		t.Fatal(err)
	}
	if calls["/card/get"] != 1 || calls["/cgi-bin/token"] != 0 {
		t.Errorf("calls of WeChat: %v", calls)
	}
}

var nginxListen = regexp.MustCompile(`(?m)^(\s*listen )(\d+;)`)

func TestExampleNginx(t *testing.T) {
	t.Parallel()
	needPrograms(t, "nginx")
	e := newExample(t, "nginx", "PORT=8082")
	c := e.run("Caddyfile")
	site := nginxListen.ReplaceAllString(readFile(t, e.path("nginx.conf")), "${1}127.0.0.1:$2")
	temp := func(name string) string { return "\t" + name + "_temp_path " + filepath.Join(e.dir, name) + ";\n" }
	config := "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n\taccess_log off;\n" +
		temp("client_body") + temp("proxy") + temp("fastcgi") + temp("uwsgi") + temp("scgi") + e.p.replace(site) + "}\n"
	e.program("127.0.0.1:"+e.p["8080"], "nginx", "-p", e.dir, "-e", "stderr", "-c", e.file(t, "nginx.conf", config))
	e.runReadme()
	if got := string(get(t, "http://127.0.0.1:"+e.p["8080"]+"/")); got != "the shop, as ever\n" {
		t.Errorf("got %q", got)
	}

	if runtime.GOOS != "linux" {
		return // other systems do not have all of 127.0.0.0/8
	}
	// Who the client is, nginx says, whatever the client says.
	const client = "127.0.0.2"
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(client)}}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, addr)
	}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+e.p["8080"]+"/wechat/nothing", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(c.log.String(), `"client_ip":"`+client+`"`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not have the client %s", client)
		}
	}
	if strings.Contains(c.log.String(), `"client_ip":"203.0.113.9"`) {
		t.Error("the client's word was believed")
	}
}
