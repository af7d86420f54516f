//go:build binary

package binarytest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// toolIn runs a subcommand with more in its environment, and no admin API named.
func (h *home) toolIn(t *testing.T, env []string, args ...string) (output string, status int) {
	t.Helper()
	cmd, out, errs := h.command(t, append([]string{"wechat-card"}, args...)...)
	cmd.Env = append(slices.Clip(cmd.Env), env...)
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String() + errs.String(), cmd.ProcessState.ExitCode()
}

// TestCommandsSpeakTheLanguage goes by LC_ALL, LC_MESSAGES and LANG, in this order; no terminal is there.
func TestCommandsSpeakTheLanguage(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	config := h.file(t, "Caddyfile", gateway(w, port, ""))
	c := h.run(t, config)
	get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pCard")
	admin := "CADDY_ADMIN=" + c.admin
	for _, tc := range []struct {
		env     []string
		chinese bool
	}{
		{nil, false},
		{[]string{"LANG=zh_CN.UTF-8"}, true},
		{[]string{"LC_MESSAGES=zh_CN", "LANG=en_US.UTF-8"}, true},
		{[]string{"LC_ALL=C", "LC_MESSAGES=zh_CN", "LANG=zh_CN.UTF-8"}, false},
		{[]string{"LC_ALL=", "LC_MESSAGES=", "LANG=zh"}, true},
		{[]string{"LC_ALL=zh-Hans"}, true},
		{[]string{"LC_ALL=zha_CN"}, false},
	} {
		out, status := h.toolIn(t, append(tc.env, admin), "status")
		if status != 0 || strings.Contains(out, "一切正常") != tc.chinese || strings.Contains(out, "all is well") == tc.chinese {
			t.Errorf("%v: exit status %d:\n%s", tc.env, status, out)
		}
	}
	zh := []string{"LC_ALL=zh_CN.UTF-8", admin}
	for args, want := range map[string]string{
		"refresh":                   "已刷新",
		"doctor --config " + config: "微信接受了 AppID 和 AppSecret",
		"push list":                 "没有保留的消息",
		"card get no/card":          "不是 card_id",
		"--help":                    "用法：",
		"status --help":             "退出码",
		"statsu":                    "是不是想用 status",
		"status --jsno":             "是不是想用 --json",
	} {
		if out, _ := h.toolIn(t, zh, strings.Fields(args)...); !strings.Contains(out, want) {
			t.Errorf("%s: no %s in\n%s", args, want, out)
		}
	}
	out, _ := h.toolIn(t, zh, "status", "--json")
	if !json.Valid([]byte(out)) || !strings.Contains(out, `"state":"fresh"`) {
		t.Errorf("got %s", out)
	}
}

func TestMisspeltCommands(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for args, want := range map[string]string{
		"statsu":                         "did you mean status?",
		"push lst":                       "did you mean list?",
		"card udpate":                    "did you mean update?",
		"nonsense":                       "there are: ",
		"status --jsno":                  "did you mean --json?",
		"refresh --force-it":             "did you mean --force?",
		"refresh --credential api_tiket": "did you mean api_ticket?",
		"trigger user_get_crad":          "did you mean user_get_card?",
		"status surplus":                 "unknown command",
		"doctor --config":                "flag needs an argument",
		"--nonsense":                     "unknown flag",
	} {
		if out, status := h.toolIn(t, nil, strings.Fields(args)...); status != 2 || !strings.Contains(out, want) {
			t.Errorf("%s: exit status %d, no %s in\n%s", args, status, want, out)
		}
	}
	if out, status := h.toolIn(t, nil); status != 0 || !strings.Contains(out, "Usage:") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}

// TestStatusWithoutAdminAPI asks for the status of a configuration that has no admin API, beside a Caddy that has one.
func TestStatusWithoutAdminAPI(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	c := h.run(t, h.file(t, "Caddyfile-other", gateway(w, freeport.Ports(t, 1)[0], "")))
	silent := h.file(t, "Caddyfile", strings.Replace(gateway(w, "1", ""), "{\n", "{\n\tadmin off\n", 1))
	for _, args := range [][]string{{"status"}, {"status", "--json"}, {"refresh"}, {"push", "list"}, {"listen"}, {"status", "--address", c.admin}} {
		cmd, out, errs := h.command(t, append(append([]string{"wechat-card"}, args...), "--config", silent)...)
		cmd.Env = append(slices.Clip(cmd.Env), "CADDY_ADMIN="+c.admin)
		_ = cmd.Run()
		if cmd.ProcessState.ExitCode() != 1 || out.String() != "" || !strings.Contains(errs.String(), "there is no admin API") {
			t.Errorf("%v: exit status %d: %s%s", args, cmd.ProcessState.ExitCode(), out, errs)
		}
	}
}

// TestRefusedAddress: status says that WeChat refuses this machine, since when, and stops saying so when WeChat takes it again.
func TestRefusedAddress(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", gateway(w, port, "")))
	get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pCard")
	fault(t, w, `{"path":"/cgi-bin/stable_token","times":1,"errcode":40164,"errmsg":"invalid ip 203.0.113.7, not in whitelist"}`)
	c.wantTool(t, 1, nil, "refresh", "--credential", "access_token")
	out, _, status := c.tool(t, "status")
	if status != 1 || !strings.Contains(out, "WeChat refused calls from 203.0.113.7, ") || !strings.Contains(out, " s ago") || strings.Contains(out, "all is well") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	c.wantTool(t, 0, nil, "refresh", "--credential", "access_token")
	if out, _, status := c.tool(t, "status"); status != 0 || strings.Contains(out, "refused") || !strings.Contains(out, "all is well") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}

// TestAuditLog does each thing that is to be told, and looks for the line.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	log := filepath.Join(h.dir, "audit.log")
	config := strings.Replace(gateway(w, port, `
	wechat_card /inject inject {
		header X-Token access_token
	}
	respond /inject "{header.X-Token}"
	wechat_card /bound add_card {
		card pBound {
			openid oZ8Yt1XGILfi-FUsewpnnolGgZk0
		}
	}
	wechat_card /component member_card_component pMember
	wechat_card /cgi-bin/* credentials`), "{\n", "{\n\tlog audit {\n\t\tinclude http.handlers.wechat_card.audit\n\t\toutput file "+log+"\n\t\tformat json\n\t}\n", 1)
	c := h.run(t, h.file(t, "Caddyfile", config))
	site := "http://127.0.0.1:" + port
	token := string(get(t, site+"/inject"))
	get(t, site+"/bound")
	get(t, site+"/addCard?card_id=pCard") // for nobody in particular: no line
	secret := strings.TrimPrefix(appSecret, "APP_SECRET=")
	get(t, site+"/cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcdef&secret="+secret)
	c.wantTool(t, 0, nil, "refresh", "--credential", "api_ticket", "--force")
	post(t, w.url+"/_sandbox/revoke", `{"sticky":true}`) // which only a forced refresh heals
	get(t, site+"/component")
	stable := `{"grant_type":"client_credential","appid":"wx0123456789abcdef","secret":"` + secret + `","force_refresh":true}`
	post(t, site+"/cgi-bin/stable_token", stable) // too soon after that: nothing happens
	c.stop(t)

	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range bytes.Lines(raw) {
		var l struct{ Logger, Account, Action, Client, CardID, Outcome string }
		var m map[string]any
		if json.Unmarshal(line, &m) != nil || json.Unmarshal(line, &l) != nil {
			t.Fatalf("got %s", line)
		}
		got = append(got, fmt.Sprint(m["logger"], " ", m["account"], " ", m["action"], " ", m["client"], " ", m["card_id"], " ", m["outcome"]))
	}
	want := []string{"inject 127.0.0.1  ok", "add_card 127.0.0.1 pBound ok", "credentials 127.0.0.1  ok", "refresh 127.0.0.1  ok", "gateway   ok", "credentials 127.0.0.1  none", "credentials 127.0.0.1  ok"}
	for i := range want {
		want[i] = "http.handlers.wechat_card.audit default " + want[i]
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if token == "" || strings.Contains(string(raw), token) || strings.Contains(string(raw), secret) || strings.Contains(string(raw), "oZ8Yt1") {
		t.Errorf("a secret is in\n%s", raw)
	}
}

// TestTracing has Caddy's tracing send its spans to a collector: WeChat's calls are in the trace of the request.
func TestTracing(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sent bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		sent.Write(body)
	}))
	t.Cleanup(collector.Close)
	w := runWeChat(t, "")
	h := newHome(t, appSecret, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=50",
		"OTEL_TRACES_EXPORTER=otlp")
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", gateway(w, port, "tracing\nwechat_card /openCard open_card {\n\tcard *\n}\nwechat_card /inject inject {\n\theader X-Token access_token\n}\nrespond /inject {header.X-Token}")))
	token := string(get(t, "http://127.0.0.1:"+port+"/inject"))
	fault(t, w, `{"path":"/card/code/decrypt","times":1,"errcode":40001}`)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/openCard?card_id=pCard&code=bm90IGEgY29kZSBvZiB0aGlzIHdvcmxkIGF0IGFsbA==", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	c.stop(t) // flushes
	mu.Lock()
	defer mu.Unlock()
	id, _ := hex.DecodeString(trace)
	// The request's span, two calls that decrypt, and the renewal between them, which WeChat's refusal caused.
	if n := bytes.Count(sent.Bytes(), id); n < 4 {
		t.Errorf("%d spans are of the trace", n)
	}
	for _, want := range []string{"wechat decrypt", "wechat stable_token", "/card/code/decrypt", "wx0123456789abcdef", "40001"} {
		if !bytes.Contains(sent.Bytes(), []byte(want)) {
			t.Errorf("no %s in what was sent", want)
		}
	}
	if token == "" || bytes.Contains(sent.Bytes(), []byte(token)) {
		t.Error("the token was sent to the collector")
	}
}

// TestTriggerAndListen sends an event to a backend through the gateway and watches it go by.
func TestTriggerAndListen(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 8)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.Header.Get("X-Wechat-Event") + " " + r.Header.Get("X-Wechat-Card-Id") + " " + string(body)
		if strings.Contains(string(body), "user_del_card") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, "success")
	}))
	t.Cleanup(backend.Close)
	w := runWeChat(t, "")
	h := newHome(t, appSecret, "PUSH_KEY="+strings.Repeat("A", 43))
	port := freeport.Ports(t, 1)[0]
	config := h.file(t, "Caddyfile", strings.Replace(gateway(w, port, "wechat_card /wechat/push message_push\nreverse_proxy "+backend.Listener.Addr().String()),
		"account {", "account {\n\t\t\tmessage_push t0ken {env.PUSH_KEY}", 1))
	c := h.run(t, config)

	listen, heard, _ := h.command(t, "wechat-card", "listen", "--address", c.admin)
	if err := listen.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listen.Process.Kill()
		_ = listen.Wait()
	})
	out, status := h.toolIn(t, nil, "trigger", "user_get_card", "--config", config, "--card", "pTriggered", "--field", "IsGiveByFriend=1")
	if status != 0 || !strings.Contains(out, "← 200  success") {
		t.Errorf("exit status %d\n%s\n%s", status, out, c.log)
	}
	if body := <-bodies; !strings.HasPrefix(body, "user_get_card pTriggered ") || !strings.Contains(body, "<IsGiveByFriend>1</IsGiveByFriend>") {
		t.Errorf("the backend got %s", body)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) { // the listener may have come late
		out, status = h.toolIn(t, nil, "trigger", "user_del_card", "--to", "http://127.0.0.1:"+port+"/wechat/push", "--config", config)
		if status != 1 || !strings.Contains(out, "← 502") {
			t.Errorf("exit status %d\n%s", status, out)
		}
		if strings.Contains(heard.String(), "the backend answered 500") && strings.Contains(heard.String(), "<![CDATA[user_del_card]]>") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was heard: %s", heard)
		}
	}
	elsewhere := h.file(t, "Caddyfile-real", strings.Replace(string(mustRead(t, config)), w.url, "http://127.0.0.1:1", 1))
	if out, status := h.toolIn(t, nil, "trigger", "user_get_card", "--config", elsewhere); status != 1 || !strings.Contains(out, "--yes") {
		t.Errorf("no sandbox: exit status %d\n%s", status, out)
	}
	if out, status := h.toolIn(t, nil, "trigger", "user_get_card", "--config", elsewhere, "--yes"); status != 0 {
		t.Errorf("no sandbox, but --yes: exit status %d\n%s", status, out)
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
