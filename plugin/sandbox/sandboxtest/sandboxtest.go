// Package sandboxtest runs a package's tests once for each rule by which WeChat may give tickets: nobody knows which one is
// WeChat's, so what signs must do so under all of them.
package sandboxtest

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

var rule sandbox.TicketRule

// Rule is the rule that sandboxes are to follow now.
func Rule() sandbox.TicketRule { return rule }

// UnderEveryRule is a package's TestMain. Benchmarks and fuzzing run under the first rule only, and so do the tests that signing
// does not match, a pattern as -run takes it: where most tests look at something else, and take their time for it.
func UnderEveryRule(m *testing.M, signing ...string) {
	flag.Parse()
	rules := sandbox.TicketRules
	for _, name := range []string{"test.bench", "test.fuzz", "test.fuzzworker", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" && f.Value.String() != "false" {
			rules = rules[:1]
		}
	}
	for i := range rules {
		rule = rules[i]
		if i > 0 && len(signing) > 0 && flag.Lookup("test.run").Value.String() == "" {
			_ = flag.Set("test.run", signing[0])
		}
		if code := m.Run(); code != 0 {
			fmt.Println("with tickets by the rule", rule)
			os.Exit(code)
		}
	}
	os.Exit(0)
}
