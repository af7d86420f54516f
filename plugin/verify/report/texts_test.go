package report

import (
	"strings"
	"testing"
)

// TestTextsComplete: each mistake has a title and a fix in both languages, each in one line.
func TestTextsComplete(t *testing.T) {
	for id, m := range mistakes {
		for _, text := range []string{m.title.EN, m.title.ZH, m.fix.EN, m.fix.ZH} {
			if text == "" || strings.Contains(text, "\n") {
				t.Errorf("%s: %q", id, text)
			}
		}
		if !strings.ContainsFunc(m.title.ZH, func(r rune) bool { return r > 0x4e00 }) || m.level == "" {
			t.Errorf("%s: %q", id, m.title.ZH)
		}
	}
}
