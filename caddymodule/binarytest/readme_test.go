//go:build binary

package binarytest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
)

// block is a fenced block of a Markdown text.
type block struct {
	lang, text string
}

func blocks(markdown string) []block {
	var found []block
	inside := false
	for line := range strings.Lines(markdown) {
		switch lang, isFence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```"); {
		case isFence && !inside:
			inside = true
			found = append(found, block{lang: lang})
		case isFence:
			inside = false
		case inside:
			found[len(found)-1].text += line
		}
	}
	return found
}

// curlLines are the commands of a shell block that begin with curl, continuations joined.
func curlLines(text string) []string {
	var found []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if strings.HasPrefix(line, "curl ") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// curlDocuments are those whose curl lines are run: README.md in each language, and what is below docs.
func curlDocuments(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../README*.md")
	if err == nil {
		err = filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".md" {
				paths = append(paths, path)
			}
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestCurlLines runs every curl line of the documents against Caddyfile.example, each by itself. All must succeed, and where
// an answer is shown below one, it must answer like that.
func TestCurlLines(t *testing.T) {
	p := newPorts(t, readFile(t, examplePath))
	newHome(t).runExample(t, p, "")

	ran := make(map[string]int)
	for _, path := range curlDocuments(t) {
		all := blocks(readFile(t, path))
		for i, b := range all {
			if b.lang != "sh" {
				continue
			}
			lines := curlLines(b.text)
			for j, line := range lines {
				name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
				ran[name]++
				t.Run(fmt.Sprintf("%s, line %d", name, ran[name]), func(t *testing.T) {
					// a refusal must not pass for an answer
					cmd := exec.Command("bash", "-o", "pipefail", "-c", "curl() { command curl --fail-with-body \"$@\"; }\n"+p.replace(line))
					cmd.Dir = t.TempDir()
					var stderr buffer
					cmd.Stderr = &stderr
					out, err := cmd.Output()
					if err != nil {
						t.Fatalf("%s\n%v\n%s%s", line, err, out, stderr.String())
					}
					if j == len(lines)-1 && i+1 < len(all) {
						checkAnswer(t, line, all[i+1], p, string(out))
					}
				})
			}
		}
	}
	reference := 0
	for name, n := range ran {
		if strings.HasPrefix(name, "docs/reference/") {
			reference += n
		}
	}
	if ran["README.md"] < 5 || ran["README.zh-CN.md"] < 5 || reference < 12 {
		t.Errorf("the documents have too few curl lines: %v", ran)
	}
}

// checkAnswer compares what a command printed with the block that follows it: text word for word, JSON by shape.
func checkAnswer(t *testing.T, line string, shown block, p ports, got string) {
	t.Helper()
	switch shown.lang {
	case "text":
		if strings.TrimSpace(got) != strings.TrimSpace(p.replace(shown.text)) {
			t.Errorf("%s\nprints\n%s\nand not\n%s", line, got, shown.text)
		}
	case "json":
		var a, b any
		if err := json.Unmarshal([]byte(got), &a); err != nil {
			t.Fatalf("%s\nprints no JSON: %v\n%s", line, err, got)
		}
		if err := json.Unmarshal([]byte(shown.text), &b); err != nil {
			t.Fatalf("the answer shown below\n%s\nis no JSON: %v", line, err)
		}
		if shape(a) != shape(b) {
			t.Errorf("%s\nprints\n%s\nwhich does not look like\n%s", line, got, shown.text)
		}
	}
}

// shape reduces JSON to names and types.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		fields := make(map[string]string, len(v))
		for name, field := range v {
			fields[name] = shape(field)
		}
		return fmt.Sprint(fields) // sorted
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = shape(item)
		}
		return fmt.Sprint(items)
	default:
		return fmt.Sprintf("%T", v)
	}
}

const accountOption = `{
	wechat_card {
		account {
			app_id wx5a6d8b2c4e1f3a70
			app_secret {env.WECHAT_APP_SECRET}
		}
	}
}

`

// configuredDocuments are those whose configurations are validated: README.md and the reference, in each language.
func configuredDocuments(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"../../README*.md", "../../docs/reference/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 2 {
			t.Fatalf("%s finds %d documents, error %v", pattern, len(found), err)
		}
		paths = append(paths, found...)
	}
	return paths
}

// TestReadmeConfigurations validates every Caddyfile of README.md and the reference, and every JSON that is an app or a handler.
// What both languages show is validated once.
func TestReadmeConfigurations(t *testing.T) {
	h := newHome(t, "WECHAT_APP_SECRET=s3cr3t-of-mine", "REDIS_PASSWORD=another-of-mine", "TOKEN_SERVER_KEY=a-key-of-mine", "GATEWAY_KEY=a-key-of-mine", "MINI_PROGRAM_SECRET=a-mini-one", "MINI_PROGRAM_KEY=a-mini-key",
		"WECHAT_PUSH_TOKEN=t0ken", "WECHAT_PUSH_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
		"COMPONENT_SECRET=a-platforms-own", "COMPONENT_APP_SECRET=a-platforms-own", "COMPONENT_TOKEN=t0ken", "COMPONENT_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
		"COMPONENT_AES_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "COMPONENT_SEAL_KEY=0123456789abcdef0123456789abcdef",
		"ACCOUNTS_SEAL_KEY=0123456789abcdef0123456789abcdef", "ERP_KEY=a-key-of-erp", "NOTIFY_KEY=a-key-that-signs-what-is-told")
	folder := t.TempDir()
	authority := httptest.NewTLSServer(nil)
	defer authority.Close()
	path := h.file(t, "proxy.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})))

	n := make(map[string]int)
	validated := make(map[block]bool)
	for _, document := range configuredDocuments(t) {
		for i, b := range blocks(readFile(t, document)) {
			if validated[b] {
				continue
			}
			validated[b] = true
			b.text = strings.ReplaceAll(b.text, "/etc/wechat/accounts", folder)
			validateBlock(t, h, b, fmt.Sprint(filepath.Base(document), " ", i+1), path, n)
		}
	}
	if n["Caddyfile"] < 13 || n["config.json"] < 14 {
		t.Errorf("the documents show too few configurations: %v", n)
	}
}

// validateBlock has caddy validate a block, if it is a configuration. path is a PEM file, n counts what was validated.
func validateBlock(t *testing.T, h *home, b block, name, path string, n map[string]int) {
	t.Helper()
	var file, text string
	switch {
	case b.lang == "caddyfile":
		file, text = "Caddyfile", withAccount(b.text)
	case b.lang == "json" && strings.Contains(b.text, `"apps"`):
		file, text = "config.json", strings.ReplaceAll(b.text, "/etc/ssl/proxy.pem", path)
	case b.lang == "json" && strings.Contains(b.text, `"handler"`):
		file, text = "config.json", fmt.Sprintf(`{"apps":{
				"wechat_card":{"accounts":{"default":{"app_id":"wx5a6d8b2c4e1f3a70","app_secret":"{env.WECHAT_APP_SECRET}",
					"mini_program":[{"app_id":"wx8f2b6c1d9e4a7350","app_secret":"{env.MINI_PROGRAM_SECRET}"}],
					"message_push":{"token":"{env.WECHAT_PUSH_TOKEN}"}}},
					"components":{"shop":{"app_id":"wx2c7d5e8f1a3b9460","app_secret":"{env.COMPONENT_SECRET}","seal_key":["{env.COMPONENT_SEAL_KEY}"],
						"message_push":{"token":"{env.COMPONENT_TOKEN}","encoding_aes_key":"{env.COMPONENT_KEY}"}}}},
				"http":{"servers":{"srv0":{"listen":["127.0.0.1:8080"],"routes":[{"handle":[%s]}]}}}}}`,
			strings.ReplaceAll(b.text, "wechat.json", h.file(t, "wechat.json", `{"version":1,"exchanges":[]}`)))
	default:
		return
	}
	n[file]++
	t.Run(name, func(t *testing.T) {
		cmd, _, stderr := h.command(t, "validate", "--config", h.file(t, file, securetest.WithFiles(t, text)))
		if err := cmd.Run(); err != nil || strings.Contains(stderr.String(), `"level":"warn"`) {
			t.Errorf("%s\ncaddy validate: %v\n%s", text, err, stderr)
		}
	})
}
