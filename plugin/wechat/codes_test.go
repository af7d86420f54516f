package wechat

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestCodesAreExplained wants a row for each code that is known in the tables of docs, in both languages, and none for others.
func TestCodesAreExplained(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| (-?\d+(?:, -?\d+)*) \| (.+?) \|`)
	for _, path := range []string{"../../docs/troubleshooting.md", "../../docs/troubleshooting.zh-CN.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		explained := make(map[int]bool)
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			for field := range strings.SplitSeq(m[1], ", ") {
				code, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				if explained[code] {
					t.Errorf("%s explains %d twice", path, code)
				}
				explained[code] = true
				if _, known := codes[code]; !known && code >= 0 {
					t.Errorf("%s explains %d, of which the program knows nothing", path, code)
				}
			}
		}
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			if !explained[code] {
				t.Errorf("%s does not explain %d", path, code)
			}
		}
	}
}
