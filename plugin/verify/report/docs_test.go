package report

import (
	"os"
	"strings"
	"testing"
)

// TestDocs: the documents list every mistake in the words of the report.
func TestDocs(t *testing.T) {
	blank := strings.NewReplacer("{field}", "…", "{got}", "…", "|", `\|`)
	for name, say := range map[string]func(Text) string{
		"verify.md":       func(t Text) string { return t.EN },
		"verify.zh-CN.md": func(t Text) string { return t.ZH },
	} {
		raw, err := os.ReadFile("../../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range IDs() {
			m := mistakes[id]
			row := "| `" + string(id) + "` | " + blank.Replace(say(m.title)) + " | " + blank.Replace(say(m.fix)) + " |\n"
			if !strings.Contains(string(raw), row) {
				t.Errorf("docs/%s lacks\n%s", name, row)
			}
		}
		if n := strings.Count(string(raw), "\n| `") - strings.Count(string(raw), "\n| `--"); n != len(mistakes) { // but for flags
			t.Errorf("docs/%s has %d rows, there are %d mistakes", name, n, len(mistakes))
		}
	}
}
