package verify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// refused is one file of testdata/refused: what was sent, and what is wrong with it.
type refused struct {
	Input
	About   string   `json:"about"`
	Verdict Verdict  `json:"verdict"`
	Expect  []string `json:"expect"` // identifier and field
}

func readJSON[T any](t testing.TB, name string) (v T) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// testKnown is what the corpus is checked with.
func testKnown(t testing.TB) Known { return readJSON[Known](t, "testdata/known.json") }

// found lists the findings of a report, each once: identifier and field.
func found(r Report) []string {
	var list []string
	note := func(findings []Finding) {
		for _, f := range findings {
			list = append(list, strings.TrimSpace(string(f.ID)+" "+f.Field))
		}
	}
	note(r.Findings)
	for _, it := range r.Items {
		note(it.Findings)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestCorpus finds in each example what is wrong with it and nothing else, and has an example of every mistake.
func TestCorpus(t *testing.T) {
	known := testKnown(t)
	files, err := filepath.Glob("testdata/refused/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	covered := make(map[ID]bool)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			c := readJSON[refused](t, file)
			r := Check(c.Input, known)
			want := slices.Sorted(slices.Values(c.Expect))
			if got := found(r); !slices.Equal(got, want) || r.Verdict != c.Verdict {
				t.Errorf("%s: got %s %q, want %s %q", c.About, r.Verdict, got, c.Verdict, want)
			}
			for _, id := range want {
				id, _, _ := strings.Cut(id, " ")
				covered[ID(id)] = true
			}
			checkReport(t, r, known)
		})
	}
	for _, id := range IDs() {
		if !covered[id] {
			t.Errorf("no example of %s", id)
		}
	}
}

// checkReport checks what holds for every report: no ticket in it, no more work than allowed, complete texts.
func checkReport(t testing.TB, r Report, known Known) {
	t.Helper()
	if r.Tried > maxHashesAll {
		t.Errorf("%d hashes", r.Tried)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range known.Accounts {
		for _, ticket := range slices.Concat(a.APITickets, a.JSAPITickets) {
			if strings.Contains(string(raw), ticket.Text) {
				t.Errorf("the report shows a ticket: %s", raw)
			}
		}
	}
	if strings.ContainsAny(string(raw), "{}") && (strings.Contains(string(raw), "{field}") || strings.Contains(string(raw), "{got}")) {
		t.Errorf("the report has a gap: %s", raw)
	}
}
