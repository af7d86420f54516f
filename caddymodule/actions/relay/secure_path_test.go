package relay

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// TestSealsCallsOf makes up configurations, and has each path of a small world judged as a request's is: an entry of paths is good where
// one of them is sealed.
func TestSealsCallsOf(t *testing.T) {
	segments := []string{"wxa", "Card", "card", "cgi-bin", "ticket", "getticket", "sns", "x"}
	var world []string
	for level := []string{""}; len(world) < 8*8*8*8; {
		var next []string
		for _, path := range level {
			for _, segment := range segments {
				next = append(next, path+"/"+segment)
			}
		}
		world, level = append(world, next...), next
	}
	rng := rand.New(rand.NewPCG(5, 6))
	entries := func(reserve bool) (all []string) {
		for range 1 + rng.IntN(3) {
			entry := ""
			for range rng.IntN(3) {
				entry += "/" + segments[rng.IntN(len(segments))]
			}
			if entry == "" || rng.IntN(2) == 0 {
				entry += "/*"
			}
			if _, err := newPathSet("", append(slices.Clone(all), entry), reserve); err == nil {
				all = append(all, entry)
			}
		}
		return all
	}
	seen := make(map[bool]int)
	for range 1000 {
		var rl Relay
		var err error
		allow, pass := entries(true), entries(false)
		if rng.IntN(2) == 0 {
			pass = nil
		}
		if rl.allow, err = newPathSet("allow", allow, true); err != nil {
			t.Fatal(err)
		}
		if rl.pass, err = newPathSet("pass", pass, false); err != nil {
			t.Fatal(err)
		}
		entry := entries(false)[0]
		paths, err := newPathSet("paths", []string{entry}, false)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.ContainsFunc(world, func(path string) bool {
			return paths.find(path) != "" && rl.allow.find(path) != "" && ownTokens.find(path) == "" && rl.pass.find(path) == "" &&
				wechat.MiniProgram.CheckPath(path) == nil
		})
		if got := rl.sealsCallsOf(entry); got != want {
			t.Errorf("%s with allow %s and pass %s: got %v", entry, strings.Join(allow, " "), strings.Join(pass, " "), got)
		}
		seen[want]++
	}
	if seen[true] < 100 || seen[false] < 100 {
		t.Errorf("got %v", seen)
	}
}
