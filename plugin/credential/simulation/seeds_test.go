package simulation

import (
	"os"
	"testing"
	"time"
)

func TestTmp(t *testing.T) {
	start := time.Now()
	shas := map[uint64]string{}
	bad := 0
	for r := range 3 {
		for seed := uint64(1); seed <= 60; seed++ {
			o := simulate(t, seed, nil, nil)
			if r == 0 {
				shas[seed] = o.sha
			} else if shas[seed] != o.sha {
				bad++
				t.Errorf("seed %d differs", seed)
			}
		}
	}
	t.Logf("%v, %d bad", time.Since(start)/180, bad)
	_ = os.Stderr
}
