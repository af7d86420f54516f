package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// clockTolerance is by how much clocks may differ before it is worth a word: the gateway makes up for any difference that
// it has measured.
const clockTolerance = 5 * time.Second

// CheckHosts asks each base URL of the API whether it is there, and compares clocks.
func (d *Doctor) CheckHosts(ctx context.Context, report Report) {
	states := d.cfg.Client.Probe(ctx)
	up := 0
	for _, s := range states {
		if s.Err == nil {
			up++
		}
	}
	for _, s := range states {
		f := Finding{Check: checkHosts, Text: fmt.Sprintf("%s answers, in %d ms", s.BaseURL, s.Took.Milliseconds())}
		if s.Err != nil {
			f.Text = fmt.Sprintf("%s does not answer: %s", s.BaseURL, strings.TrimPrefix(s.Err.Error(), "probe: "))
			f.Verdict, f.Todo = Wrong, "check this machine's network and name resolution, and api, proxy and ca in the configuration"
			if up > 0 {
				f.Verdict = Warning
			}
		}
		report(f)
	}
	if up == 0 {
		return
	}
	if !d.cfg.Client.Measured() {
		d.cfg.Client.LearnClock(ctx)
	}
	report(d.clockFinding())
}

func (d *Doctor) clockFinding() Finding {
	offset := d.cfg.Client.Offset()
	f := Finding{Check: checkClock, Text: "this machine's clock agrees with WeChat's"}
	switch {
	case !d.cfg.Client.Measured():
		f.Verdict, f.Text = Warning, "WeChat's answers do not tell the time: what answers may be something else"
		f.Todo = "check api and proxy in the configuration"
	case offset.Abs() > clockTolerance:
		way := "behind"
		if offset < 0 {
			way = "ahead of"
		}
		f.Verdict, f.Text = Warning, fmt.Sprintf("this machine's clock is %s %s WeChat's; the gateway makes up for it", offset.Abs(), way)
		f.Todo = "set the clock, by NTP for example: certificates, logs and other programs go by it too"
	}
	return f
}
