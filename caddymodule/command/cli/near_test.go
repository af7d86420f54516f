package cli

import (
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
