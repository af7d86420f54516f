//go:build binary

package binarytest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// TestPlatform has merchants authorise a platform in Chromium, and come back; a gateway signs for them within a second that did not see
// them, also when all processes and all of Redis were lost; and none does within a second of their taking it back.
func TestPlatform(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	p := newPlatform(t, "refresh_token change")
	first, second := p.gateways[0], p.gateways[1]
	if err := p.signed(second, teaShop); !isUnknown(err) {
		t.Errorf("before anybody has authorised: %v", err)
	}

	signs := p.watch(second, teaShop, signed)
	done := p.browse("board", teaShop)
	p.soon(signs, done, "the second gateway signs for who came to the first")
	p.wantSigned(first, second)
	if err := p.signedAt(first, "localhost:"+first.port, "/merchants/"+teaShop, "pOther"); err != nil {
		t.Errorf("the account by the path: %v", err)
	}
	p.within(5*time.Second, "the backend was told", func() bool { _, n := p.backend.told("authorized", teaShop); return n > 0 })
	if last, n := p.backend.told("authorized", teaShop); n != 1 || len(last.Missing) > 0 {
		t.Errorf("the backend was told %d times: %+v", n, last)
	}
	answer := p.act("message", `{"app_id":"`+teaShop+`","text":"hello"}`)
	if plain := fmt.Sprint(answer["plain"]); !strings.Contains(plain, "hello yourself") {
		t.Errorf("a message was answered by %v", answer)
	}

	p.comesAgain()
	p.losesAll()
	p.moves()

	refuses := []<-chan time.Time{p.watch(first, teaShop, isUnknown), p.watch(second, teaShop, isUnknown)}
	left := p.browse("leave", teaShop)
	for i, at := range refuses {
		p.soon(at, left, fmt.Sprintf("gateway %d refuses who has left", i+1))
	}
	p.within(5*time.Second, "the backend was told", func() bool { _, n := p.backend.told("unauthorized", teaShop); return n == 1 })
	for _, g := range p.gateways {
		if err := p.signed(g, coffeeShop); err != nil {
			t.Errorf("who has stayed: %v", err)
		}
	}
}

func signed(err error) bool { return err == nil }

// wantSigned fails the test unless gateways sign for the first merchant.
func (p *aboard) wantSigned(gateways ...*platformGateway) {
	p.t.Helper()
	for _, g := range gateways {
		if err := p.signed(g, teaShop); err != nil {
			p.t.Errorf("port %s: %v", g.port, err)
		}
	}
}

// browse has a merchant do something in Chromium, and gives the moment when that was done.
func (p *aboard) browse(act, appID string) time.Time {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "node", "platform.js", act, appID)
	cmd.Dir = "browser"
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium(p.t), "PAGE="+strings.Replace(p.w.url, "127.0.0.1", "localhost", 1),
		"GATEWAY=http://localhost:"+p.gateways[0].port, "NODE_NO_WARNINGS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", act, appID, err, stderr.Bytes())
	}
	ms, err := strconv.ParseInt(string(out), 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return time.UnixMilli(ms)
}

// soon fails the test unless something happened within a second.
func (p *aboard) soon(happened <-chan time.Time, since time.Time, what string) {
	p.t.Helper()
	at, ok := <-happened
	took := at.Sub(since)
	switch {
	case !ok:
		p.t.Fatalf("it did not come to it that %s", what)
	case took > time.Second:
		p.t.Errorf("it took %v until %s", took, what)
	default:
		p.t.Logf("%v until %s", took, what)
	}
}

// comesAgain is a merchant who left the cards out, and adds them: those who could not get a ticket sign then.
func (p *aboard) comesAgain() {
	p.t.Helper()
	second := p.gateways[1]
	var before error
	signs := p.watch(second, coffeeShop, func(err error) bool {
		if err != nil && !isUnknown(err) {
			before = err
		}
		return err == nil
	})
	done := p.browse("again", coffeeShop)
	p.soon(signs, done, "the second gateway signs for who has added the cards")
	if before == nil {
		p.t.Error("the gateway got a ticket for cards that were left out")
	} else {
		p.t.Logf("without cards: %v", before)
	}
	if err := p.signedAt(second, coffeeShop+".localhost", "/wechat/addCard", "pCouponOf"+teaShop); err == nil || !strings.Contains(err.Error(), "foreign_ticket") {
		p.t.Errorf("another merchant's card: %v", err)
	}
}

// losesAll kills both gateways and Redis, which loses its data, and starts them again while WeChat neither pushes tickets nor tells who has
// authorised: the copy serves.
func (p *aboard) losesAll() {
	p.t.Helper()
	p.within(5*time.Second, "all is saved twice", func() bool {
		status := p.gateways[0].component()
		return status.Authorisations == 2 && status.Unsaved == 0 && status.Uncopied == 0
	})
	p.act("stop", "{}")
	fault := `[{"path":"/cgi-bin/component/api_get_authorizer_list","errcode":-1},{"path":"/cgi-bin/component/api_start_push_ticket","errcode":-1}]`
	post(p.t, p.w.url+"/_sandbox/faults", fault)
	for _, g := range p.gateways {
		g.kill()
	}
	p.redis.Kill()
	p.redis.Restart()
	if n := p.redis.Do("dbsize"); n != int64(0) {
		p.t.Fatalf("Redis has kept %v keys", n)
	}
	began := time.Now()
	p.start(p.gateways...)
	for i, g := range p.gateways {
		at, ok := <-p.watch(g, teaShop, signed)
		if !ok {
			p.t.Fatal("nobody signs any more")
		}
		p.t.Logf("gateway %d signs %v after the start", i+1, at.Sub(began))
	}
	p.wantSigned(p.gateways...)
}

// moves exports what the platform holds, and imports it at a gateway that has nothing of it.
func (p *aboard) moves() {
	p.t.Helper()
	first := p.gateways[0]
	first.wantTool(p.t, 0, []string{teaShop, coffeeShop, "platform shop"}, "accounts", "list")
	if shown := first.wantTool(p.t, 0, []string{teaShop, "Hillside"}, "accounts", "show", teaShop); strings.Contains(shown, "refreshtoken") {
		p.t.Errorf("show prints a refresh token: %s", shown)
	}
	first.wantTool(p.t, 0, nil, "accounts", "refresh", teaShop)

	other := p.gateway(freeport.Ports(p.t, 1)[0], "moved:")
	p.start(other)
	if err := p.signed(other, teaShop); !isUnknown(err) {
		p.t.Errorf("elsewhere: %v", err)
	}
	passphrase := first.home.file(p.t, "passphrase", "correct horse battery staple\n")
	backup := first.home.file(p.t, "backup", "")
	for _, call := range []struct {
		g    *platformGateway
		what string
	}{{first, "export"}, {other, "import"}} {
		cmd, stdout, stderr := call.g.home.command(p.t, "wechat-card", "accounts", call.what, backup, "--passphrase-file", passphrase, "--config", call.g.config)
		if err := cmd.Run(); err != nil {
			p.t.Fatalf("accounts %s: %v\n%s%s", call.what, err, stdout, stderr)
		}
		p.t.Logf("accounts %s: %s", call.what, stdout)
	}
	if raw := readFile(p.t, backup); strings.Contains(raw, teaShop) || strings.Contains(raw, "ticket@@@") {
		p.t.Error("the backup can be read")
	}
	imported := time.Now()
	// It has found out before that there is no ticket, and waits a little for another process's token, for each new one ends those before.
	if at, ok := <-p.watch(other, teaShop, signed); !ok || at.Sub(imported) > 10*time.Second {
		p.t.Error("a gateway does not sign for whom it was told of")
	} else {
		p.t.Logf("%v until a gateway signs for whom it was told of", at.Sub(imported))
	}
	other.stop(p.t)
	post(p.t, p.w.url+"/_sandbox/heal", `{}`)
}

// TestPlatformNotices: what the backend did not take is told again when the gateway that has it was killed, or got another configuration.
func TestPlatformNotices(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, "")
	first := p.gateways[0]
	p.backend.set(true)
	p.act("scan", `{"app_id":"`+teaShop+`"}`)
	p.within(5*time.Second, "the backend was asked", func() bool { return p.backend.asked() > 0 })
	first.kill()
	p.start(first)
	p.backend.set(false)
	p.within(10*time.Second, "the backend is told", func() bool { _, n := p.backend.told("authorized", teaShop); return n == 1 })
	p.backend.set(true)
	before := p.backend.asked()
	p.act("cancel", `{"app_id":"`+teaShop+`"}`)
	p.within(5*time.Second, "the backend was asked", func() bool { return p.backend.asked() > before })
	first.reload(t, first.config)
	p.backend.set(false)
	p.within(10*time.Second, "the backend is told", func() bool { _, n := p.backend.told("unauthorized", teaShop); return n == 1 })
}

// TestPlatformRelease runs the test that WeChat makes before 全网发布, with each pair of its accounts and in each of the ways that are known
// of it, against two gateways: events come to one, and messages to the other.
func TestPlatformRelease(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, "event_code other")
	for _, options := range []string{
		`"pair":1`, `"pair":2,"same_code":true`, `"pair":3,"silent":true`, `"pair":4,"event":true`, `"pair":5,"silent":true,"event":true`, `"pair":1,"event":true`,
	} {
		report := p.act("test", "{"+options+"}")
		cases, _ := report["cases"].([]any)
		if report["passed"] != true || len(cases) < 5 {
			t.Errorf("%s: %v", options, report)
		}
	}
}
