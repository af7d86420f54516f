package sitetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// siteLog is where the sites of a test log to.
var siteLog = "output discard"

// Logs has the sites that the test makes from now on log everything, and gives what was logged by the plugin's handlers.
func Logs(t testing.TB) (lines func() []map[string]any) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "all.log")
	siteLog = "output file " + file + "\n\t\tlevel DEBUG\n\t\tformat json"
	t.Cleanup(func() { siteLog = "output discard" })
	return func() (lines []map[string]any) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for text := range bytes.Lines(raw) {
			var line map[string]any
			if err := json.Unmarshal(text, &line); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if name, _ := line["logger"].(string); strings.HasPrefix(name, "http.handlers.wechat_card") {
				lines = append(lines, line)
			}
		}
		return lines
	}
}
