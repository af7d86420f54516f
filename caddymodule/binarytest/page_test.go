//go:build binary

package binarytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPage uses the sandbox's page in a real Chromium, against Caddyfile.example. With SCREENSHOTS in the environment, the
// path of a folder, it makes the pictures of docs/screenshots there.
func TestPage(t *testing.T) {
	needBrowser(t)
	p := newPorts(t, readFile(t, examplePath))
	c := newHome(t).runExample(t, p, "")
	env := []string{"CHROMIUM=" + chromium(t), "CADDY_ADMIN=" + c.admin, "PAGE=http://localhost:" + p["8081"], "GATEWAY=http://localhost:" + p["8080"]}
	if folder := os.Getenv("SCREENSHOTS"); folder != "" {
		runNode(t, "browser", env, "node", "screenshots.js", folder)
		shrink(t, folder)
		return
	}
	runNode(t, "browser", env, "node", "--test", "page.test.js")
}

// TestPageOfLogins uses the page with the routes of examples/miniprogram, where the gateway asks WeChat who its users are.
func TestPageOfLogins(t *testing.T) {
	needBrowser(t)
	p := runMiniProgramSite(t)
	env := []string{"CHROMIUM=" + chromium(t), "PAGE=http://localhost:" + p["8081"], "GATEWAY=http://localhost:" + p["8080"]}
	runNode(t, "browser", env, "node", "--test", "me.test.js")
}

// needBrowser skips a test that cannot drive a browser.
func needBrowser(t *testing.T) {
	t.Helper()
	needPrograms(t, "node")
	if _, err := os.Stat(filepath.Join("browser", "node_modules", "playwright-core")); err != nil {
		missing(t, "npm ci has not been run in caddymodule/binarytest/browser: %v", err)
	}
	chromium(t)
}

// chromium finds the browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "there is no chromium")
	return ""
}
