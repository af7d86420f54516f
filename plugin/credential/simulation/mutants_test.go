package simulation

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestMutantsApply says at once when a mutant no longer fits the code that it changes.
func TestMutantsApply(t *testing.T) {
	for _, m := range mutants {
		for _, c := range m.changes {
			if _, err := c.apply(); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
	}
}

// TestMutants runs the seeds with each mutant in the place of the Keeper, until one of them finds it. KEEPER_MUTANTS=1 asks
// for that, KEEPER_MUTANTS=<words> for those whose name has them. It prints the table of docs/scaling.md.
func TestMutants(t *testing.T) {
	which := os.Getenv("KEEPER_MUTANTS")
	if which == "" {
		t.Skip("takes long: KEEPER_MUTANTS=1 asks for it")
	}
	const most = 1000
	row := func(cells ...string) { fmt.Println("| " + strings.Join(cells, " | ") + " |") }
	row("the Keeper's fault", "found by the rule", "after seeds")
	row("---", "---", "---")
	for _, m := range mutants {
		if which != "1" && !strings.Contains(m.name, which) {
			continue
		}
		rule, seeds, err := m.hunt(t.TempDir(), most)
		switch {
		case err != nil:
			t.Errorf("%s: %v", m.name, err)
		case rule == "":
			t.Errorf("%s: not found by %d seeds", m.name, most)
		default:
			row(m.name, rule, strconv.Itoa(seeds))
		}
	}
}

// apply gives the changed text of a file, which must have what is to be changed exactly once.
func (c change) apply() (string, error) {
	raw, err := os.ReadFile(c.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(raw), c.old); n != 1 {
		return "", fmt.Errorf("%s has %d times what is to be changed: %s", c.file, n, c.old)
	}
	return strings.Replace(string(raw), c.old, c.made, 1), nil
}

var found = regexp.MustCompile(`KEEPER_SEED=(\d+) rule [^:]*: ([a-z]+):`)

// hunt runs seeds until one finds the mutant, and gives the rule that did and after how many seeds.
func (m mutant) hunt(dir string, most int) (rule string, seeds int, err error) {
	replace := map[string]string{}
	for i, c := range m.changes {
		text, err := c.apply()
		if err != nil {
			return "", 0, err
		}
		file, err := filepath.Abs(c.file)
		if err != nil {
			return "", 0, err
		}
		replace[file] = filepath.Join(dir, strconv.Itoa(i)+".go")
		if err := os.WriteFile(replace[file], []byte(text), 0o600); err != nil {
			return "", 0, err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		return "", 0, err
	}
	binary := filepath.Join(dir, "mutant.test")
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".").CombinedOutput(); err != nil {
		return "", 0, fmt.Errorf("it does not compile: %s", out)
	}
	cmd := exec.Command(binary, "-test.run", "TestSeeds$")
	cmd.Env = append(os.Environ(), "KEEPER_FROM=1", "KEEPER_SEEDS="+strconv.Itoa(most), "KEEPER_BAD=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", 0, nil
	}
	f := found.FindSubmatch(out)
	if f == nil {
		return "", 0, fmt.Errorf("it ended without a finding: %s", out[max(0, len(out)-2000):])
	}
	seeds, _ = strconv.Atoi(string(f[1]))
	return string(f[2]), seeds, nil
}
