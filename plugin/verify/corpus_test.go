package verify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/search"
)

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

// TestCases finds in each case what is wrong with it and nothing else, and has a case of every mistake.
func TestCases(t *testing.T) {
	list, names := cases(t)
	known := caseKnown(names)
	covered := make(map[ID]bool)
	seen := make(map[string]bool)
	for _, c := range list {
		if seen[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		seen[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
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
	for _, id := range report.IDs() {
		if !covered[id] {
			t.Errorf("no case of %s", id)
		}
	}
}

// checkReport checks what holds for every report: no ticket in it, no more work than allowed, complete texts.
func checkReport(t testing.TB, r Report, known Known) {
	t.Helper()
	if r.Tried > search.MaxHashes {
		t.Errorf("%d hashes", r.Tried)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range known.Accounts {
		for _, ticket := range slices.Concat(a.APITickets, a.JSAPITickets, a.AccessTokens) {
			if strings.Contains(string(raw), ticket.Text) {
				t.Errorf("the report shows a ticket: %s", raw)
			}
		}
		for _, secret := range a.AppSecrets {
			if strings.Contains(string(raw), secret) || strings.Contains(string(raw), secret[:4]+"…") {
				t.Errorf("the report shows a secret: %s", raw)
			}
		}
	}
	if strings.ContainsAny(string(raw), "{}") && (strings.Contains(string(raw), "{field}") || strings.Contains(string(raw), "{got}")) {
		t.Errorf("the report has a gap: %s", raw)
	}
}
