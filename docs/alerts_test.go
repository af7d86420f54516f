package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAlerts has promtool try the alert rules, of which each must have a case where it fires and one where it does not.
func TestAlerts(t *testing.T) {
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join("operations", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	cases := read("alerts_test.yml")
	rules := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(read("alerts.yml"), -1)
	if len(rules) < 9 {
		t.Errorf("found only %d alerts", len(rules))
	}
	for _, rule := range rules {
		if !regexp.MustCompile(`alertname: ` + rule[1] + `\n +exp_alerts:`).MatchString(cases) {
			t.Errorf("no case has %s fire", rule[1])
		}
		if !regexp.MustCompile(`alertname: ` + rule[1] + `}`).MatchString(cases) {
			t.Errorf("no case has %s not fire", rule[1])
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI_TOOLS") != "" {
			t.Fatal("promtool is missing: it is in Debian's package prometheus")
		}
		t.Skip("promtool is not installed")
	}
	out, err := exec.Command(promtool, "test", "rules", "operations/alerts_test.yml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
}
