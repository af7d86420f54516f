package observe

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/prometheus/client_golang/prometheus"
)

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

// NewExpiries makes the collector of one configuration: accounts names the configured ones, needs what is used of one, status
// how that stands.
func NewExpiries(accounts func() []string, needs func(account string) []credential.Kind,
	status func(account string, kind credential.Kind) credential.Status,
) prometheus.Collector {
	return expiries{accounts, needs, status}
}
