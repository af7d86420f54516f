package sitetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// Adapted makes indented JSON of a Caddyfile.
func Adapted(input string) (string, error) {
	out, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input+"\n"), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return "", err
	}
	if len(warnings) > 0 {
		return warnings[0].String(), nil
	}
	var b bytes.Buffer
	err = json.Indent(&b, out, "", "\t")
	return b.String(), err
}

// Adapt compares each Caddyfile of the package's testdata/adapt with the JSON, or the end of the error message, that stands
// below it and a line of dashes. A file is one case, or has many, each below a line of "=== " and its name.
func Adapt(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files, error %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if !strings.HasPrefix(text, divider) {
			t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) { adapt(t, text) })
			continue
		}
		for _, c := range strings.Split("\n"+text, "\n"+divider)[1:] {
			name, c, _ := strings.Cut(c, "\n")
			t.Run(name, func(t *testing.T) { adapt(t, c) })
		}
	}
}

// divider begins the line above each case of a file that has many.
const divider = "=== "

func adapt(t *testing.T, text string) {
	t.Helper()
	input, want, ok := strings.Cut(text, "\n----------\n")
	if !ok {
		t.Fatal("there is no line of dashes")
	}
	want = strings.TrimSpace(want)
	got, err := Adapted(input)
	if err != nil {
		got = err.Error()
		if want == "" || !strings.HasSuffix(got, want) {
			t.Errorf("got error\n%s\nwant\n%s", got, want)
		}
		return
	}
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again, _ := Adapted(input); again != got {
		t.Errorf("got another result the second time:\n%s", again)
	}
}
