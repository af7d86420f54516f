//go:build binary

package binarytest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// beside runs a subcommand of `caddy wechat-card` that calls WeChat by itself, and gives what it prints and its exit status.
func (h *home) beside(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd, out, errs := h.command(t, append([]string{"wechat-card"}, args...)...)
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), status
}

// wantBeside checks the exit status and what is printed, on one of both.
func (h *home) wantBeside(t *testing.T, status int, want []string, args ...string) string {
	t.Helper()
	stdout, stderr, got := h.beside(t, args...)
	if got != status {
		t.Errorf("%v: exit status %d, want %d\n%s%s", args, got, status, stdout, stderr)
	}
	for _, w := range want {
		if !strings.Contains(stdout+stderr, w) {
			t.Errorf("%v: no %q in\n%s%s", args, w, stdout, stderr)
		}
	}
	if strings.Contains(stdout+stderr, "\x1b") || strings.Contains(stdout+stderr, `"level"`) {
		t.Errorf("%v: colours, progress or logs, but no terminal: %q", args, stdout+stderr)
	}
	return stdout
}

// TestDoctorAndJumpOnTheExample looks at the example as it runs, and sets a card of it up.
func TestDoctorAndJumpOnTheExample(t *testing.T) {
	t.Parallel()
	const card = "pSandboxMember00000000000001"
	p := newPorts(t, readFile(t, examplePath))
	h := newHome(t)
	h.runExample(t, p, "")
	config := h.file(t, "Caddyfile", p.replace(readFile(t, examplePath)))

	h.wantBeside(t, 0, []string{
		"✓  hosts ", "✓  clock ", "✓  store ", "account default", "✓  account ", "✓  address ", "✓  api_ticket ", "✓  rights ", "✓  quota ",
		"card " + card, "in stock", "made on ", "✓  member_card_component: one-tap", "!  no entry of the card leads into a mini program", "nothing is wrong",
	}, "doctor")

	h.wantBeside(t, 2, []string{`+ "pages/card"`, "--yes"}, "jump", card, "--custom", "gh_86a091e50ad4@app:pages/card")
	h.wantBeside(t, 0, []string{"changed"}, "jump", card, "--custom", "gh_86a091e50ad4@app:pages/card", "--custom-title", "立即使用", "--yes", "--config", config)
	h.wantBeside(t, 0, []string{"leads into a mini program: custom to pages/card"}, "doctor", "--config", config)

	var answer struct{ Status string }
	if err := json.Unmarshal([]byte(h.wantBeside(t, 0, nil, "doctor", "--json")), &answer); err != nil || answer.Status != "warning" {
		t.Errorf("got %v, %+v", err, answer)
	}
	h.wantBeside(t, 1, []string{"✗", "40073"}, "doctor", "--card", "pUnknown")
	h.wantBeside(t, 2, []string{"unknown flag"}, "doctor", "--colour")
}

// number is what differs from run to run.
var number = regexp.MustCompile(`[0-9]+`)

// TestCardsDocument runs every command of docs/cards.md against the example, in their order. What is shown below a command
// is what it prints, but for numbers.
func TestCardsDocument(t *testing.T) {
	t.Parallel()
	doc := readFile(t, "../../docs/cards.md")
	p := newPorts(t, readFile(t, examplePath), doc)
	h := newHome(t)
	h.runExample(t, p, "")
	binary, err := filepath.Abs(os.Getenv("CADDY_BINARY"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(h.dir, "caddy")); err != nil {
		t.Fatal(err)
	}
	all := blocks(doc)
	ran := 0
	for i, b := range all {
		if b.lang != "sh" {
			continue
		}
		ran++
		cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", p.replace(b.text))
		cmd.Dir, cmd.Env = h.dir, h.env
		var stderr buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s\n%v\n%s%s", b.text, err, out, stderr.String())
		}
		if i+1 == len(all) || all[i+1].lang != "text" {
			continue
		}
		got, want := number.ReplaceAllString(string(out), "#"), number.ReplaceAllString(all[i+1].text, "#")
		if got != want {
			t.Errorf("%s\nprints\n%s\nand not\n%s", b.text, out, all[i+1].text)
		}
	}
	if ran < 6 {
		t.Errorf("docs/cards.md has %d commands", ran)
	}
}

// TestClassicGuestLeavesTheTokenAlone runs card commands beside a Caddy whose token a second call would end.
func TestClassicGuestLeavesTheTokenAlone(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	config := h.file(t, "Caddyfile", strings.Replace(gateway(w, port, ""), "app_secret", "token_source classic\n\t\t\tapp_secret", 1))
	h.wantBeside(t, 1, []string{"must not fetch one"}, "card", "get", "pCard", "--config", config)
	h.run(t, config)
	get(t, "http://127.0.0.1:"+port+"/addCard?card_id=pCard")
	h.wantBeside(t, 0, []string{`"id": "pCard"`}, "card", "get", "pCard", "--config", config)
	h.wantBeside(t, 0, []string{"✓  access_token", "from the store: a Caddy shares it there"}, "doctor", "--config", config)
	if got := w.calls(t)["/cgi-bin/token"]; got != 1 {
		t.Errorf("/cgi-bin/token was called %d times, want 1", got)
	}
}
