//go:build binary

package binarytest

import (
	"encoding/json"
	"go/version"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dockerfile is what examples/docker/Dockerfile says, instruction by instruction.
type dockerfile [][]string

func readDockerfile(t *testing.T) (d dockerfile) {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(readFile(t, "../../examples/docker/Dockerfile"), "")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if words := strings.Fields(line); len(words) > 0 {
			d = append(d, words)
		}
	}
	return d
}

// all gives the arguments of the instructions of a name.
func (d dockerfile) all(name string) (found [][]string) {
	for _, words := range d {
		if words[0] == name {
			found = append(found, words[1:])
		}
	}
	return found
}

// list reads the JSON list that an instruction ends with.
func list(t *testing.T, words []string) (args []string) {
	t.Helper()
	text := strings.Join(words, " ")
	if err := json.Unmarshal([]byte(text[max(0, strings.IndexByte(text, '[')):]), &args); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return args
}

// TestDockerfile looks at what can be seen without Docker.
func TestDockerfile(t *testing.T) {
	d := readDockerfile(t)

	froms := d.all("FROM")
	for _, from := range froms {
		pinned := regexp.MustCompile(`^[a-z/]+:\d+\.\d+\.\d+(-[a-z]+)?$`)
		if !slices.ContainsFunc(from, pinned.MatchString) {
			t.Errorf("FROM %v names no version", from)
		}
	}
	if len(froms) != 2 {
		t.Fatalf("there are %d stages", len(froms))
	}
	golang := regexp.MustCompile(`golang:(\d+\.\d+\.\d+)`).FindStringSubmatch(strings.Join(froms[0], " "))
	needed := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(readFile(t, "../../go.mod"))
	if golang == nil || needed == nil || version.Compare("go"+golang[1], "go"+needed[1]) < 0 {
		t.Errorf("the image has %q, and go.mod wants %q", golang, needed)
	}

	if user := d.all("USER"); len(user) != 1 || !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user[0][0]) {
		t.Errorf("USER %v: orchestrators tell by a number that it is not root", user)
	}
	volumes := slices.Concat(d.all("VOLUME")...)
	for _, env := range slices.Concat(d.all("ENV")...) {
		if name, dir, _ := strings.Cut(env, "="); strings.HasPrefix(name, "XDG_") && !slices.Contains(volumes, dir) {
			t.Errorf("%s is on no volume", env)
		}
	}
	if run := strings.Join(d.all("RUN")[0], " "); !strings.HasSuffix(run, "GOOS=$TARGETOS GOARCH=$TARGETARCH ./xcaddy.sh ${WITH:+--with $WITH} -o /out/caddy") {
		t.Errorf("RUN %s", run)
	}
	builds := slices.IndexFunc(d, func(words []string) bool { return words[0] == "RUN" })
	for _, arg := range []string{"GOPROXY", "WITH"} {
		if !slices.ContainsFunc(d[:builds], func(words []string) bool { return words[0] == "ARG" && slices.Contains(words[1:], arg) }) {
			t.Errorf("%s is no build argument of what downloads modules, or has a value of its own: an empty one would be Go's", arg)
		}
	}
	if cmd := list(t, d.all("CMD")[0]); !slices.Equal(cmd[:2], []string{"caddy", "run"}) || !slices.Contains(cmd, "/etc/caddy/Caddyfile") {
		t.Errorf("CMD %q", cmd)
	}
}

// TestDockerfileBuilds runs what builds in the image, with an xcaddy.sh that says what it was called with.
func TestDockerfileBuilds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "xcaddy.sh"), []byte("#!/bin/sh\necho $GOOS/$GOARCH $#: $*\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	run := regexp.MustCompile(`--mount=\S+ `).ReplaceAllString(strings.Join(readDockerfile(t).all("RUN")[0], " "), "")
	for with, want := range map[string]string{
		"":                               "linux/arm64 2: -o /out/caddy\n",
		"example.com/a":                  "linux/arm64 4: --with example.com/a -o /out/caddy\n",
		"example.com/a@v1 example.com/b": "linux/arm64 5: --with example.com/a@v1 example.com/b -o /out/caddy\n",
	} {
		cmd := exec.Command("sh", "-c", run)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "TARGETOS=linux", "TARGETARCH=arm64", "WITH="+with)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("with %q: got %q, %v", with, out, err)
		}
	}
}

// TestDockerfileCopies copies what the build gets, and has Go and xcaddy.sh find in it all that they need.
func TestDockerfileCopies(t *testing.T) {
	dir := t.TempDir()
	var without []string
	for line := range strings.Lines(readFile(t, "../../examples/docker/Dockerfile.dockerignore")) {
		line = strings.TrimSpace(line)
		path, included := strings.CutPrefix(line, "!")
		switch {
		case included:
			copyTree(t, dir, path)
		case line != "*" && line[0] != '#':
			without = append(without, line)
		}
	}
	for _, path := range without {
		if name, anywhere := strings.CutPrefix(path, "**/"); anywhere {
			path = name
		}
		if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range readDockerfile(t).all("COPY") {
		if source := args[len(args)-2]; !strings.HasPrefix(source, "/out/") {
			if _, err := os.Stat(filepath.Join(dir, source)); err != nil {
				t.Error(err)
			}
		}
	}
	for _, args := range [][]string{{"go", "list", "-deps", "./caddymodule"}, {"go", "tool", "-modfile=.tools/xcaddy/go.mod", "-n", "xcaddy"}, {"./xcaddy.sh", "version"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
}

// copyTree copies a file or a folder of the repository.
func copyTree(t *testing.T, dir, path string) {
	t.Helper()
	source, target := filepath.Join("..", "..", path), filepath.Join(dir, path)
	info, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		if err := os.CopyFS(target, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(target, []byte(readFile(t, source)), info.Mode()); err != nil {
		t.Fatal(err)
	}
}

// TestExampleDocker runs the image's Caddyfile outside of it, and asks what the health check asks.
func TestExampleDocker(t *testing.T) {
	t.Parallel()
	e := newExample(t, "docker", "PORT=8080")
	c := e.run("Caddyfile")
	e.runReadme()
	check := list(t, readDockerfile(t).all("HEALTHCHECK")[0])
	u, err := url.Parse(check[len(check)-1])
	if err != nil || u.Host != "127.0.0.1:2019" {
		t.Fatalf("the health check asks %q", check)
	}
	get(t, "http://"+c.admin+u.Path)
}
