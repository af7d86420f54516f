//go:build !nowechatredis

package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestAdapt compares each Caddyfile of testdata/adapt with the JSON, or the end of the error message, that stands below it.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, ok := strings.Cut(string(data), "\n----------\n")
			if !ok {
				t.Fatal("there is no line of dashes")
			}
			want = strings.TrimSpace(want)
			got, err := sitetest.Adapted(input)
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
			if again, _ := sitetest.Adapted(input); again != got {
				t.Errorf("got another result the second time:\n%s", again)
			}
		})
	}
}
