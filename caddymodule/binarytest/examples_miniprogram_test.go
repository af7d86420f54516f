//go:build binary

package binarytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const miniProgramPath = "../../examples/miniprogram"

// runNode runs a program of Node's in a folder, and fails the test when it fails.
func runNode(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, "NODE_NO_WARNINGS=1")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// runMiniProgramSite runs the mini program's own Caddyfile, and gives its ports.
func runMiniProgramSite(t *testing.T) ports {
	t.Helper()
	text := readFile(t, filepath.Join(miniProgramPath, "Caddyfile"))
	p := newPorts(t, text)
	h := newHome(t)
	h.run(t, h.file(t, "Caddyfile", strings.Replace(p.replace(text), "\n{\n", "\n{\n\tdefault_bind 127.0.0.1\n", 1)))
	return p
}

// TestMiniProgram type-checks the mini program against WeChat's own declarations, and runs it on the sandbox's phone against
// its own Caddyfile.
func TestMiniProgram(t *testing.T) {
	t.Parallel()
	needPrograms(t, "node")
	if _, err := os.Stat(filepath.Join(miniProgramPath, "node_modules", "typescript")); err != nil {
		missing(t, "npm ci has not been run in examples/miniprogram: %v", err)
	}
	built := t.TempDir()
	runNode(t, miniProgramPath, nil, "node_modules/.bin/tsc", "--outDir", built)

	p := runMiniProgramSite(t)
	env := []string{"BUILT=" + built, "GATEWAY=http://127.0.0.1:" + p["8080"], "SANDBOX=http://127.0.0.1:" + p["8081"]}
	runNode(t, miniProgramPath, env, "node", "--test", "test/miniprogram.test.js")
}
