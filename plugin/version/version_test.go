package version

import (
	"runtime/debug"
	"testing"
)

func TestOf(t *testing.T) {
	caddy := debug.Module{Path: "caddy", Version: Unknown}
	of := func(main debug.Module, deps ...*debug.Module) string {
		return of(&debug.BuildInfo{Main: main, Deps: deps})
	}
	us := func(version string, replace *debug.Module) *debug.Module {
		return &debug.Module{Path: Module, Version: version, Replace: replace}
	}
	other := &debug.Module{Path: "example.com/other", Version: "v7.0.0"}
	for name, tc := range map[string]struct{ got, want string }{
		"from a proxy":       {of(caddy, other, us("v0.2.0", nil)), "v0.2.0"},
		"from a checkout":    {of(caddy, other, us("v0.2.0", &debug.Module{Path: "/src", Version: Unknown})), "v0.2.0"},
		"from a fork":        {of(caddy, us("v0.2.0", &debug.Module{Path: "example.com/fork", Version: "v0.2.1"}), other), "v0.2.1"},
		"nobody said it":     {of(caddy, us(unsaid, &debug.Module{Path: "/src", Version: Unknown})), Unknown},
		"within this module": {of(*us("", nil), other), Unknown},
		"go run":             {of(*us(Unknown, nil), other), Unknown},
		"of a commit":        {of(caddy, us("v0.0.0-20261129050000-40127ad40127", nil)), "v0.0.0-20261129050000-40127ad40127"},
		"a tag in git":       {of(*us("v0.2.0", nil)), "v0.2.0"},
		"without us":         {of(caddy, other), Unknown},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", name, tc.got, tc.want)
		}
	}
}

// TestModule finds the name of this module in the test itself.
func TestModule(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != Module {
		t.Errorf("got %q", info.Main.Path)
	}
	if String() == "" {
		t.Error("there is no version")
	}
}
