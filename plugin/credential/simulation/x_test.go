package simulation

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"
)

func TestX(t *testing.T) {
	for seed := uint64(1); seed <= 8; seed++ {
		var b bytes.Buffer
		st := time.Now()
		o := simulate(t, seed, &b, nil)
		c := map[string]int{}
		for _, l := range strings.Split(b.String(), "\n") {
			f := strings.Fields(l)
			if len(f) > 1 {
				c[f[1]]++
			}
		}
		var s []string
		for k, v := range c {
			s = append(s, fmt.Sprintf("%s:%d", k, v))
		}
		sort.Strings(s)
		t.Log(seed, time.Since(st), o.took, o.events, s)
		t.Log(o.cfg)
	}
}
