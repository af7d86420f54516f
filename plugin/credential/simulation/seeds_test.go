package simulation

import (
	"os"
	"sort"
	"strconv"
	"testing"
	"time"
)

func TestTmp(t *testing.T) {
	start := time.Now()
	n, _ := strconv.Atoi(os.Getenv("N"))
	from, _ := strconv.Atoi(os.Getenv("FROM"))
	rules := map[string]int{}
	first := map[string]uint64{}
	ex := map[string]string{}
	ev := 0
	for seed := uint64(from + 1); seed <= uint64(from+n); seed++ {
		o := simulate(t, seed, nil, nil)
		ev += o.events
		for _, f := range o.findings {
			rules[f.rule]++
			if first[f.rule] == 0 {
				first[f.rule] = seed
				ex[f.rule] = f.String()
			}
		}
	}
	var k []string
	for r := range rules {
		k = append(k, r)
	}
	sort.Strings(k)
	for _, r := range k {
		t.Log(r, rules[r], "seed", first[r], ex[r])
	}
	t.Logf("%v a seed, %d events", time.Since(start)/time.Duration(n), ev/n)
}
