package observe

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counts is a counter with three labels, of which the first is the account. There may be a dozen for each of ten thousand accounts:
// here one takes 24 bytes, and so many accounts have the same other labels that these are kept once.
type counts struct {
	desc *prometheus.Desc

	mu     sync.RWMutex
	of     map[string]*count // by account
	labels map[[2]string]*[2]string
}

// count is one of an account's, and with next all of them.
type count struct {
	n      atomic.Uint64
	labels *[2]string
	next   *count
}

func newCounts(name, help string, labels [3]string) *counts {
	return &counts{
		desc: newDesc(name, help, labels[:]...), of: make(map[string]*count), labels: make(map[[2]string]*[2]string),
	}
}

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(metricsNamespace, metricsSubsystem, name), help, labels, nil)
}

// at gives the count of three labels. From then on it is there, and be it 0.
func (c *counts) at(account, second, third string) *atomic.Uint64 {
	key := [2]string{second, third}
	c.mu.RLock()
	n := c.find(account, key)
	c.mu.RUnlock()
	if n != nil {
		return n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n = c.find(account, key); n != nil {
		return n
	}
	labels := c.labels[key]
	if labels == nil {
		labels = &key
		c.labels[key] = labels
	}
	made := &count{labels: labels, next: c.of[account]}
	c.of[account] = made
	return &made.n
}

// find is at for a count that is there; else it gives nil. c.mu is held.
func (c *counts) find(account string, key [2]string) *atomic.Uint64 {
	labels := c.labels[key]
	if labels == nil {
		return nil
	}
	for at := c.of[account]; at != nil; at = at.next {
		if at.labels == labels {
			return &at.n
		}
	}
	return nil
}

// Describe implements prometheus.Collector.
func (c *counts) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *counts) Collect(ch chan<- prometheus.Metric) {
	c.mu.RLock()
	all := make(map[string]*count, len(c.of)) // those who make a count must not wait for whoever reads all
	maps.Copy(all, c.of)
	c.mu.RUnlock()
	for account, first := range all {
		for at := first; at != nil; at = at.next {
			ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(at.n.Load()), account, at.labels[0], at.labels[1])
		}
	}
}

// Interface guards
var _ prometheus.Collector = (*counts)(nil)
