//go:build binary

package binarytest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// TestKeptByTheFleet pushes a message to one process, whose backend is down, and brings it again by another when that process is
// gone.
func TestKeptByTheFleet(t *testing.T) {
	t.Parallel()
	const token, event = "t0ken", "<xml><FromUserName>oAnna</FromUserName><MsgType>event</MsgType><Event>user_get_card</Event><CardId>p1</CardId><OuterStr>\x02</OuterStr></xml>"
	var up atomic.Bool
	var got atomic.Value
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		got.Store(r.Header.Get("X-Wechat-Event") + " " + string(body))
	}))
	t.Cleanup(backend.Close)
	h := newHome(t)
	ports := freeport.Ports(t, 2)
	var nodes []*caddy
	for _, port := range ports {
		nodes = append(nodes, h.run(t, h.file(t, "Caddyfile-"+port, fmt.Sprintf(`{
	default_bind 127.0.0.1
	storage file_system %s/shared
	wechat_card {
		account {
			app_id wx5a6d8b2c4e1f3a70
			app_secret s3cr3t
			message_push %s
		}
	}
}

http://:%s {
	wechat_card /wechat/push message_push {
		keep 10
	}
	reverse_proxy %s
}
`, h.dir, token, port, backend.Listener.Addr()))))
	}
	timestamp := fmt.Sprint(time.Now().Unix())
	url := "http://127.0.0.1:" + ports[0] + "/wechat/push?signature=" + push.Sign(token, timestamp, "1") + "&timestamp=" + timestamp + "&nonce=1"
	resp, err := http.Post(url, "text/xml", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
	if err := nodes[0].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-nodes[0].ended

	other := nodes[1]
	out, _, status := other.tool(t, "push", "list", "--json")
	var list []struct {
		ID         string
		Account    string
		Event      string
		CardID     string `json:"card_id"`
		Time       time.Time
		Tries      int
		LastStatus int `json:"last_status"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != 0 || len(list) != 1 || strings.Contains(out, "oAnna") {
		t.Fatalf("exit status %d, %v: %s", status, err, out)
	}
	m := list[0]
	if m.Account != "default" || m.Event != "user_get_card" || m.CardID != "p1" || m.Tries != 1 || m.LastStatus != 503 || time.Since(m.Time) > time.Minute {
		t.Errorf("got %s", out)
	}
	if out, errs, status := other.tool(t, "push", "replay", m.ID); status != 1 || !strings.Contains(out+errs, "503") {
		t.Errorf("with the backend down: exit status %d: %s%s", status, out, errs)
	}
	up.Store(true)
	if out, errs, status := other.tool(t, "push", "replay", "--all"); status != 0 || !strings.Contains(out, "accepted") {
		t.Errorf("exit status %d: %s%s", status, out, errs)
	}
	if text, _ := got.Load().(string); text != "user_get_card "+event {
		t.Errorf("the backend got %q", text)
	}
	if out, errs, status := other.tool(t, "push", "list"); status != 0 || !strings.Contains(out, "no message is kept") {
		t.Errorf("exit status %d: %s%s", status, out, errs)
	}
	if out, errs, status := other.tool(t, "push", "replay", m.ID); status != 1 {
		t.Errorf("what is not kept: exit status %d: %s%s", status, out, errs)
	}
	if out, errs, status := other.tool(t, "push", "replay"); status != 2 {
		t.Errorf("with nothing named: exit status %d: %s%s", status, out, errs)
	}
}

// TestExamplePush runs what examples/push/README.md says.
func TestExamplePush(t *testing.T) {
	t.Parallel()
	needPrograms(t, "sh", "curl")
	e := newExample(t, "push", "PORT=8080", "CARDS=127.0.0.1:8081", "TEXTS=127.0.0.1:8082", "CARDS_PORT=8081", "TEXTS_PORT=8082")
	c := e.run("Caddyfile")
	var got []string
	for _, b := range blocks(readFile(t, e.path("README.md"))) {
		for line := range strings.Lines(b.text) {
			if !strings.HasPrefix(line, "sh examples/push/push.sh") {
				continue
			}
			cmd := exec.Command("bash", "-c", e.p.replace(line))
			cmd.Dir, cmd.Env = e.dir, e.env
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s\n%v\n%s", line, err, out)
			}
			got = append(got, string(out))
		}
	}
	if len(got) != 3 || !strings.Contains(got[0], "hello") || got[1] != "success" || !strings.Contains(got[2], "backend_failed") {
		t.Errorf("got %q", got)
	}
	if out, errs, status := c.tool(t, "push", "list"); status != 0 || strings.Count(out, "user_get_card") != 1 {
		t.Errorf("exit status %d: %s%s", status, out, errs)
	}
	if out, errs, status := c.tool(t, "push", "replay", "--all"); status != 1 || !strings.Contains(out+errs, "503") {
		t.Errorf("exit status %d: %s%s", status, out, errs)
	}
}
