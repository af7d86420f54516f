package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Component is how a third-party platform (第三方平台) stands, for the metrics.
type Component struct {
	Name       string
	Ticket     time.Time // when the verify ticket came that is in use; zero: there is none
	Authorised int       // accounts that have authorised it
	Unsaved    int       // records that no store has taken yet
	Uncopied   int       // records that one store has and the other has not
	Unreadable int       // records that cannot be opened
	Waiting    int       // notices and events that are not done yet
}

var (
	ticketDesc     = componentDesc("component_ticket_timestamp_seconds", "When the component's verify ticket that is in use came, in Unix seconds; 0 while there is none.")
	authorisedDesc = componentDesc("component_authorisations", "Accounts that have authorised the component.")
	unsavedDesc    = componentDesc("component_unsaved_records", "Records of the component that no store has taken yet: they are lost when the process ends.")
	uncopiedDesc   = componentDesc("component_uncopied_records", "Records of the component that only one of the store and the copy in Caddy's storage has.")
	unreadableDesc = componentDesc("component_unreadable_records", "Records of the component that cannot be opened: damaged, or sealed with a key that is gone.")
	waitingDesc    = componentDesc("component_waiting", "Events of the component and notices to backends that are not done yet.")

	dataAccountsDesc = newDesc("data_accounts", "Accounts that are data and kept warm: those that were used within a day.")
)

const labelComponent = "component"

func componentDesc(name, help string) *prometheus.Desc { return newDesc(name, help, labelComponent) }

// components tells how the components of one configuration stand, and how many of its accounts are data. It looks when it is asked.
type components struct {
	all          func() []Component
	dataAccounts func() (n int, has bool) // has: the configuration has sources of accounts
}

// NewComponents makes the collector of one configuration.
func NewComponents(all func() []Component, dataAccounts func() (n int, has bool)) prometheus.Collector {
	return components{all, dataAccounts}
}

// Describe implements prometheus.Collector.
func (components) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{ticketDesc, authorisedDesc, unsavedDesc, uncopiedDesc, unreadableDesc, waitingDesc, dataAccountsDesc} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (c components) Collect(ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for _, one := range c.all() {
		ticket := 0.0
		if !one.Ticket.IsZero() {
			ticket = float64(one.Ticket.Unix())
		}
		gauge(ticketDesc, ticket, one.Name)
		gauge(authorisedDesc, float64(one.Authorised), one.Name)
		gauge(unsavedDesc, float64(one.Unsaved), one.Name)
		gauge(uncopiedDesc, float64(one.Uncopied), one.Name)
		gauge(unreadableDesc, float64(one.Unreadable), one.Name)
		gauge(waitingDesc, float64(one.Waiting), one.Name)
	}
	if n, has := c.dataAccounts(); has {
		gauge(dataAccountsDesc, float64(n))
	}
}

// Interface guards
var _ prometheus.Collector = components{}
