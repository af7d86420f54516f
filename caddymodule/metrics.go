package caddymodule

import (
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/prometheus/client_golang/prometheus"
)

// The names and labels of the metrics are in use in dashboards and alert rules: see docs/operations.
const (
	metricsNamespace = "caddy"
	metricsSubsystem = "wechat_card"

	labelAccount    = "account"
	labelCredential = "credential"
	labelResult     = "result"
	labelAPI        = "api"
	labelErrcode    = "errcode"
	labelAction     = "action"
	labelReason     = "reason"
)

// The values of labels that nothing else names.
const (
	resultFailed = "failed" // an attempt; the other results are the sources of a value
	reasonOK     = "ok"     // an answer without a problem
	errcodeOther = "other"  // one of too many
)

// maxErrcodes bounds how many different errcodes make time series.
const maxErrcodes = 200

// collectors are the metrics that count from the start of the process on, whatever configurations come and go.
type collectors struct {
	renewals  *prometheus.CounterVec
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	answers   *prometheus.CounterVec

	mu       sync.Mutex
	errcodes map[string]struct{} // those that have been seen
}

// metrics makes the collectors when they are first needed.
var metrics = sync.OnceValue(func() *collectors {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help,
		}, labels)
	}
	return &collectors{
		renewals: counter("credential_renewals_total",
			"Renewals of credentials: fetched from wechat, taken from the store, or failed.",
			labelAccount, labelCredential, labelResult),
		requests: counter("api_requests_total",
			"Calls of WeChat's API by outcome: the errcode, 0 for success, or a word where no errcode came.",
			labelAccount, labelAPI, labelErrcode),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: "api_request_duration_seconds",
			Help:    "How long calls of WeChat's API took, over all hosts that were tried.",
			Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{labelAccount, labelAPI}),
		answers: counter("answers_total",
			"Requests that an action handled, by how it ended: ok, or the problem's reason.",
			labelAccount, labelAction, labelReason),
		errcodes: make(map[string]struct{}),
	}
})

// register adds the collectors to the registry of a configuration, which is a new one at each load, and with them what
// belongs to that configuration alone.
func (c *collectors) register(registry prometheus.Registerer, own ...prometheus.Collector) error {
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

// called counts a call of WeChat's API.
func (c *collectors) called(account, api string, err error, took time.Duration) {
	c.requests.WithLabelValues(account, api, c.errcode(err)).Inc()
	c.durations.WithLabelValues(account, api).Observe(took.Seconds())
}

// errcode is the label for the outcome of a call. There are only so many of them, whatever WeChat answers.
func (c *collectors) errcode(err error) string {
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

var expiryDesc = prometheus.NewDesc(
	prometheus.BuildFQName(metricsNamespace, metricsSubsystem, "credential_expiry_timestamp_seconds"),
	"When a credential that the configured actions need ends, in Unix seconds; 0 while there is none.",
	[]string{labelAccount, labelCredential}, nil)

// expiries tells when the credentials of one configuration end. They are looked up when they are asked for: a reload
// renews nothing, and an account that is no longer configured must not go on to look as if it were about to fail.
type expiries struct {
	accounts func() []string                        // the names of those that are configured
	needs    func(account string) []credential.Kind // what is used of an account
	status   func(account string, kind credential.Kind) credential.Status
}

// newExpiries makes the collector of one configuration: accounts names the configured ones, needs what is used of one, status
// how that stands.
func newExpiries(accounts func() []string, needs func(account string) []credential.Kind,
	status func(account string, kind credential.Kind) credential.Status,
) prometheus.Collector {
	return expiries{accounts, needs, status}
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
