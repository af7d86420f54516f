package cli

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	commands := []string{"status", "refresh", "verify", "push", "doctor", "card", "form", "jump", "whitelist", "trigger", "listen", "record"}
	for given, want := range map[string]string{
		"statsu": "status", "stauts": "status", "Status": "status", "stat": "status", "statuses": "status", "refesh": "refresh", "veryfy": "verify",
		"doctr": "doctor", "white-list": "whitelist", "white_list": "whitelist", "pish": "push", "cards": "card", "triger": "trigger",
		"xyzzy": "", "": "", "q": "", "deploy": "",
	} {
		if got := Nearest(given, commands); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// TestDistance holds it against the definition, spelt out.
func TestDistance(t *testing.T) {
	var slow func(a, b string) int
	slow = func(a, b string) int {
		if a == "" || b == "" {
			return len(a) + len(b)
		}
		cost := 1
		if a[0] == b[0] {
			cost = 0
		}
		d := min(slow(a[1:], b)+1, slow(a, b[1:])+1, slow(a[1:], b[1:])+cost)
		if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
			d = min(d, slow(a[2:], b[2:])+1)
		}
		return d
	}
	words := strings.Fields("a ab ba abc acb bca cab abcd badc bad abba")
	for _, a := range append(words, "") {
		for _, b := range append(words, "") {
			if got, want := distance(a, b), slow(a, b); got != want {
				t.Errorf("%q, %q: got %d, want %d", a, b, got, want)
			}
		}
	}
}
