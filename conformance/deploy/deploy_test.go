package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
)

// TestCompose has Compose's own library load the file, against its schema, with all that is mandatory.
func TestCompose(t *testing.T) {
	const dir = "../../examples/compose"
	load := func(env ...string) (problem error) {
		options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")}, cli.WithWorkingDirectory(dir), cli.WithEnv(env))
		if err != nil {
			t.Fatal(err)
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			return err
		}
		gateway, err := project.GetService("gateway")
		if err != nil {
			t.Fatal(err)
		}
		dockerfile := filepath.Join(gateway.Build.Context, gateway.Build.Dockerfile)
		if _, err := os.Stat(dockerfile); err != nil {
			t.Error(err)
		}
		text, err := os.ReadFile(dockerfile)
		if err != nil {
			t.Fatal(err)
		}
		for arg := range gateway.Build.Args {
			if !strings.Contains(string(text), "\nARG "+arg+"\n") {
				t.Errorf("the image has no build argument %s", arg)
			}
		}
		caddyfile, err := os.ReadFile(filepath.Join(dir, "Caddyfile"))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range gateway.Secrets {
			if !strings.Contains(string(caddyfile), "{file./run/secrets/"+s.Source+"}") {
				t.Errorf("nothing reads the secret %s", s.Source)
			}
		}
		for name := range gateway.Environment {
			if name != "SHOP" && name != "SITE" && !strings.Contains(string(caddyfile), "{env."+name+"}") && !strings.Contains(string(caddyfile), "{$"+name+"}") {
				t.Errorf("nothing reads %s", name)
			}
		}
		return nil
	}
	if err := load("WECHAT_APP_ID=wx5a6d8b2c4e1f3a70", "WECHAT_CARDS=pjZ8Yt1XGILfi-FUsewpnnolGgZk"); err != nil {
		t.Error(err)
	}
	if err := load(); err == nil || !strings.Contains(err.Error(), "the app_id of the official account") {
		t.Errorf("without an app_id: %v", err)
	}
}

// TestComposePlatform loads the file of the third-party platform: what it mounts is there, and what it sets is read.
func TestComposePlatform(t *testing.T) {
	const dir = "../../examples/platform"
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")}, cli.WithWorkingDirectory(dir))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wechat", "redis", "first", "second"} {
		service, err := project.GetService(name)
		if err != nil {
			t.Fatal(err)
		}
		if service.NetworkMode != "host" {
			t.Errorf("%s is not on the machine's own network", name)
		}
		for _, v := range service.Volumes {
			if v.Type != "bind" {
				continue
			}
			caddyfile, err := os.ReadFile(v.Source)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for variable := range service.Environment {
				if variable != "CADDY_ADMIN" && !strings.Contains(string(caddyfile), "{$"+variable+":") {
					t.Errorf("%s: nothing reads %s", name, variable)
				}
			}
		}
	}
}

// TestSystemd has systemd-analyze look at the unit, where there is one.
func TestSystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	text, err := os.ReadFile("../../examples/systemd/caddy-wechat-card.service")
	if err != nil {
		t.Fatal(err)
	}
	// It wants what is started to be there.
	unit := filepath.Join(t.TempDir(), "caddy-wechat-card.service")
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/caddy", binary)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no"}, {"security", "--offline=yes", "--threshold=30"}} {
		out, err := exec.CommandContext(t.Context(), analyze, append(args, unit)...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}
