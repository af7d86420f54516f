package observe

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper ones of the buckets, in seconds.
var bounds = [...]float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// durations is a histogram with two labels, small as counts are.
type durations struct {
	desc *prometheus.Desc

	mu sync.Mutex
	of map[[2]string]*spread
}

// spread is how many calls took how long.
type spread struct {
	count  uint64
	sum    float64
	within [len(bounds)]uint64 // each bucket by itself
}

func newDurations(name, help string, labels [2]string) *durations {
	return &durations{desc: newDesc(name, help, labels[:]...), of: make(map[[2]string]*spread)}
}

func (d *durations) add(account, api string, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := [2]string{account, api}
	s := d.of[key]
	if s == nil {
		s = new(spread)
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
}

// Describe implements prometheus.Collector.
func (d *durations) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect implements prometheus.Collector.
func (d *durations) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	all := make(map[[2]string]spread, len(d.of))
	for key, s := range d.of {
		all[key] = *s
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
