package main

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

const sum = "h1:73lOvdSLSoBGPT5l61nrTzh9liax+IDfXeQDtfzNcZ4="

func TestBillOf(t *testing.T) {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.8",
		Deps: []*debug.Module{
			{Path: ours, Version: "v0.2.0", Replace: &debug.Module{Path: "/home/me/gateway"}},
			{Path: "example.com/a", Version: "v1.0.0", Sum: sum},
			{Path: "example.com/b", Version: "v2.0.0+incompatible", Replace: &debug.Module{Path: "example.com/fork", Version: "v2.0.1+incompatible", Sum: sum}},
			{Path: "example.com/c", Version: "v3.0.0", Replace: &debug.Module{Path: "../c"}},
		},
		Settings: []debug.BuildSetting{{Key: "GOARCH", Value: "arm64"}, {Key: "GOOS", Value: "linux"}, {Key: "-tags", Value: "nobadger"}, {Key: "vcs.time", Value: "now"}},
	}
	b, err := billOf(info, [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range b.Components {
		got = append(got, c.PackageURL)
	}
	want := []string{
		"pkg:golang/std@1.26.8", "pkg:golang/" + ours + "@v0.2.0", "pkg:golang/example.com/a@v1.0.0", "pkg:golang/example.com/fork@v2.0.1%2Bincompatible",
		"pkg:golang/example.com/c@v3.0.0",
	}
	if !slices.Equal(got, want) || !slices.Equal(b.Dependencies[0].DependsOn, want) {
		t.Errorf("got %q", got)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"bomFormat":"CycloneDX"`, `"serialNumber":"urn:uuid:01000000-0000-8000-8000-000000000000"`, `"purl":"pkg:golang/` + ours + `@v0.2.0?goarch=arm64\u0026goos=linux"`,
		`{"name":"go:sum","value":"` + sum + `"}`, `{"name":"go:build:-tags","value":"nobadger"}`, `{"name":"go:replaced","value":"by a folder"}`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	for _, part := range []string{"/home/me", "../c", "vcs"} {
		if strings.Contains(string(text), part) {
			t.Errorf("%s is in %s", part, text)
		}
	}
	info.Deps = info.Deps[1:]
	if _, err := billOf(info, [32]byte{}); err == nil {
		t.Error("a binary that is not ours has a bill")
	}
	if err := run([]string{os.Args[0], "two"}); err == nil {
		t.Error("two binaries have one bill")
	}
}
