//go:build binary

package binarytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestXcaddyScript has xcaddy.sh call an xcaddy that only says what it was called with, by a Go that only says where that is.
func TestXcaddyScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const ours = "github.com/caddy-wechat-card/caddy-wechat-card"
	program("go", `case "$1 $2" in "tool "*) echo '`+dir+`/xcaddy' ;; "list -m") echo `+ours+` ;; *) echo https://proxy.example.com,direct ;; esac`)
	program("xcaddy", `echo "$GOPROXY $*" >'`+dir+`/calls'
while [ $# -gt 1 ]; do [ "$1" = --output ] && printf '#!/bin/sh\necho "$@"\n' >"$2" && chmod +x "$2"; shift; done`)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "caddy")
	for _, tc := range []struct {
		args string // in a folder beside
		with string // what xcaddy is called with behind our own module; what is refused has none
		says string // by the Caddy that was built
	}{
		{args: "-o " + binary, with: " "},
		{args: "-o " + binary + " --with example.com/a", with: " --with example.com/a"},
		{args: "--with example.com/a@v1.2.3 -o " + binary + " --with example.com/b/v2", with: " --with example.com/a@v1.2.3 --with example.com/b/v2"},
		{args: "--with example.com/a example.com/b@main -o " + binary, with: " --with example.com/a --with example.com/b@main"},
		{args: "--with=example.com/a -o " + binary, with: " --with example.com/a"},
		{args: "--with example.com/a=sub example.com/b=/abs -o " + binary, with: " --with example.com/a=" + dir + "/sub --with example.com/b=/abs"},
		{args: "-o caddy --with example.com/a run --watch", with: " --with example.com/a", says: "run --config Caddyfile.example --watch\n"},
		{args: "--with"},
		{args: "--with example.com/a="},
		{args: "--with=example.com/a="},
		{args: "--with example.com/a@"},
		{args: "--with example.com/a@=sub"},
		{args: "--with =sub"},
		{args: "--with -o " + binary},
		{args: "-o"},
		{args: "example.com/a"},
		{args: "--without example.com/a"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "calls"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(root, "xcaddy.sh"), strings.Fields(tc.args)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		calls := readFile(t, filepath.Join(dir, "calls"))
		if tc.with == "" {
			if cmd.ProcessState.ExitCode() != 2 || calls != "" || !strings.Contains(string(out), "--with <module>") {
				t.Errorf("%s: %v, %s%s", tc.args, err, out, calls)
			}
			continue
		}
		begin := "https://proxy.example.com|off build v2.11.9 --output " + binary + " --with " + ours + "/caddymodule --replace " + ours + "@"
		end := "=" + root + strings.TrimRight(tc.with, " ") + "\n"
		if err != nil || !strings.HasPrefix(calls, begin) || !strings.HasSuffix(calls, end) || string(out) != tc.says {
			t.Errorf("%s: %v, %s calls xcaddy with\n%s", tc.args, err, out, calls)
		}
	}
}

// TestReadmeXcaddy builds by the line that README.md has for whoever calls xcaddy himself.
func TestReadmeXcaddy(t *testing.T) {
	t.Parallel()
	for _, b := range blocks(readFile(t, "../../README.md")) {
		if !strings.Contains(b.text, "\nxcaddy build ") {
			continue
		}
		root, err := filepath.Abs("../..")
		if err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(t.TempDir(), "caddy")
		cmd := exec.CommandContext(t.Context(), "bash", "-ec", `xcaddy() { "$(go tool -modfile=.tools/xcaddy/go.mod -n xcaddy)" "$@" --output '`+binary+`'; }`+"\n"+b.text)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s\n%v\n%s", b.text, err, out)
		}
		modules, err := exec.Command(binary, "list-modules").Output()
		if err != nil || !strings.Contains(string(modules), "\nhttp.handlers.wechat_card\n") {
			t.Errorf("%v: it has\n%s", err, modules)
		}
		return
	}
	t.Error("README.md does not say how to call xcaddy")
}
