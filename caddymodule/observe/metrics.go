package observe

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/prometheus/client_golang/prometheus"
)

// maxErrcodes bounds how many different errcodes make time series.
const maxErrcodes = 200

// Collectors are the metrics that count from the start of the process on, whatever configurations come and go.
type Collectors struct {
	renewals  *counts
	requests  *counts
	durations *durations
	answers   *counts

	mu       sync.Mutex
	errcodes map[string]struct{} // those that have been seen
}

// Metrics are the collectors of this process. They are made when they are first needed.
var Metrics = sync.OnceValue(NewCollectors)

// NewCollectors makes collectors that have counted nothing. A process has those of Metrics.
func NewCollectors() *Collectors {
	return &Collectors{
		renewals: newCounts("credential_renewals_total",
			"Renewals of credentials: fetched from wechat, taken from the store, or failed.",
			[3]string{labelAccount, labelCredential, labelResult}),
		requests: newCounts("api_requests_total",
			"Calls of WeChat's API by outcome: the errcode, 0 for success, or a word where no errcode came.",
			[3]string{labelAccount, labelAPI, labelErrcode}),
		durations: newDurations("api_request_duration_seconds",
			"How long calls of WeChat's API took, over all hosts that were tried.",
			[2]string{labelAccount, labelAPI}),
		answers: newCounts("answers_total",
			"Requests that an action handled, by how it ended: ok, or the problem's reason.",
			[3]string{labelAccount, labelAction, labelReason}),
		errcodes: make(map[string]struct{}),
	}
}

// Answered gives the count of the requests of an account that an action handled and that ended so: a problem's reason, or
// ReasonOK. It may be kept.
func (c *Collectors) Answered(account, action, reason string) *atomic.Uint64 {
	return c.answers.at(account, action, reason)
}

// Register adds the collectors to the registry of a configuration, which is a new one at each load, and with them what
// belongs to that configuration alone.
func (c *Collectors) Register(registry prometheus.Registerer, own ...prometheus.Collector) error {
	for _, collector := range append(own, c.renewals, c.requests, c.durations, c.answers) {
		if err := registry.Register(collector); err != nil && !isRegistered(err) {
			return err
		}
	}
	return nil
}

func isRegistered(err error) bool {
	_, ok := err.(prometheus.AlreadyRegisteredError) //nolint:errorlint // Register does not wrap it
	return ok
}

// Called counts a call of WeChat's API.
func (c *Collectors) Called(account, api string, err error, took time.Duration) {
	well := c.durations.add(account, api, took)
	if err != nil {
		c.requests.at(account, api, c.errcode(err)).Add(1)
		return
	}
	n := well.Load()
	if n == nil {
		n = c.requests.at(account, api, c.errcode(nil))
		well.Store(n)
	}
	n.Add(1)
}

// errcode is the label for the outcome of a call. There are only so many of them, whatever WeChat answers.
func (c *Collectors) errcode(err error) string {
	outcome := wechat.Outcome(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, seen := c.errcodes[outcome]; !seen {
		if len(c.errcodes) >= maxErrcodes {
			return errcodeOther
		}
		c.errcodes[outcome] = struct{}{}
	}
	return outcome
}

// Describe implements prometheus.Collector.
func (expiries) Describe(ch chan<- *prometheus.Desc) { ch <- expiryDesc }

// Collect implements prometheus.Collector.
func (e expiries) Collect(ch chan<- prometheus.Metric) {
	for _, name := range e.accounts() {
		for _, kind := range e.needs(name) {
			var end float64
			if s := e.status(name, kind); s.State != credential.None {
				end = float64(s.Expires.UnixMilli()) / 1000
			}
			ch <- prometheus.MustNewConstMetric(expiryDesc, prometheus.GaugeValue, end, name, string(kind))
		}
	}
}

// Interface guards
var _ prometheus.Collector = expiries{}
