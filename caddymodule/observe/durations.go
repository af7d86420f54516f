package observe

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper ones of the buckets, in seconds.
var bounds = [...]float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// durations is a histogram with two labels, small as counts are.
type durations struct {
	desc *prometheus.Desc

	mu sync.Mutex
	of map[[2]string]*api
}

// spread is how many calls took how long.
type spread struct {
	count  uint64
	sum    float64
	within [len(bounds)]uint64 // each bucket by itself
}

// api is what is counted of the calls that one account makes of one API.
type api struct {
	spread
	well atomic.Pointer[atomic.Uint64] // the count of those that ended well, looked up once; nil: there was none yet
}

func newDurations(name, help string, labels [2]string) *durations {
	return &durations{desc: newDesc(name, help, labels[:]...), of: make(map[[2]string]*api)}
}

// add adds how long a call took. It gives where the count is that goes with it.
func (d *durations) add(account, name string, took time.Duration) (well *atomic.Pointer[atomic.Uint64]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := [2]string{account, name}
	s := d.of[key]
	if s == nil {
		s = new(api)
		d.of[key] = s
	}
	seconds := took.Seconds()
	s.count++
	s.sum += seconds
	for i, bound := range bounds {
		if seconds <= bound {
			s.within[i]++
			break
		}
	}
	return &s.well
}

// Describe implements prometheus.Collector.
func (d *durations) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect implements prometheus.Collector.
func (d *durations) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	all := make(map[[2]string]spread, len(d.of))
	for key, s := range d.of {
		all[key] = s.spread
	}
	d.mu.Unlock()
	for key, s := range all {
		buckets := make(map[float64]uint64, len(bounds))
		var below uint64
		for i, bound := range bounds {
			below += s.within[i]
			buckets[bound] = below
		}
		ch <- prometheus.MustNewConstHistogram(d.desc, s.count, s.sum, buckets, key[:]...)
	}
}

// Interface guards
var _ prometheus.Collector = (*durations)(nil)
