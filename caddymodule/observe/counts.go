package observe

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counts is a counter with three labels. There may be a dozen for each of ten thousand accounts: here one takes a tenth of the
// memory that a prometheus.CounterVec would have for it.
type counts struct {
	desc *prometheus.Desc

	mu sync.RWMutex
	of map[[3]string]*atomic.Uint64
}

func newCounts(name, help string, labels [3]string) *counts {
	return &counts{desc: newDesc(name, help, labels[:]...), of: make(map[[3]string]*atomic.Uint64)}
}

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(metricsNamespace, metricsSubsystem, name), help, labels, nil)
}

// at gives the count of three labels. From then on it is there, and be it 0.
func (c *counts) at(labels ...string) *atomic.Uint64 {
	key := [3]string(labels)
	c.mu.RLock()
	n := c.of[key]
	c.mu.RUnlock()
	if n != nil {
		return n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n = c.of[key]; n == nil {
		n = new(atomic.Uint64)
		c.of[key] = n
	}
	return n
}

// Describe implements prometheus.Collector.
func (c *counts) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *counts) Collect(ch chan<- prometheus.Metric) {
	c.mu.RLock()
	keys := slices.Collect(maps.Keys(c.of)) // those who make a count must not wait for whoever reads all
	c.mu.RUnlock()
	for _, key := range keys {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.at(key[:]...).Load()), key[:]...)
	}
}

// Interface guards
var _ prometheus.Collector = (*counts)(nil)
