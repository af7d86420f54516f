package verify

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/search"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// checker is one Check under way.
type checker struct {
	in     Input
	known  tickets.Known
	report report.Report
	search *search.Search
}
