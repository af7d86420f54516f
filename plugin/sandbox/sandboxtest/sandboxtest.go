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

// UnderEveryRule is a package's TestMain. Benchmarks and fuzzing run under the first rule only.
func UnderEveryRule(m *testing.M) {
	flag.Parse()
	rules := sandbox.TicketRules
	for _, name := range []string{"test.bench", "test.fuzz", "test.fuzzworker", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" && f.Value.String() != "false" {
			rules = rules[:1]
		}
	}
	for _, rule = range rules {
		if code := m.Run(); code != 0 {
			fmt.Println("with tickets by the rule", rule)
			os.Exit(code)
		}
	}
	os.Exit(0)
}
