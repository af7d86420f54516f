package wechat

import (
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// failedFor is how long a host that failed is put last.
const failedFor = time.Minute

// host is one base URL and what we know of it.
type host struct {
	base   string
	url    *url.URL     // the same; nil: it is none
	failed atomic.Int64 // when it last failed, in Unix nanoseconds; 0: it is well
}

type hosts []*host

func newHosts(baseURLs []string) hosts {
	hs := make(hosts, len(baseURLs))
	for i, u := range baseURLs {
		h := &host{base: strings.TrimRight(u, "/")}
		if parsed, err := url.Parse(h.base); err == nil {
			h.url = parsed
		}
		hs[i] = h
	}
	return hs
}

// order gives the hosts in the order in which a call tries them: as configured,
// except that those that failed within the last minute come last.
func (hs hosts) order(now time.Time) hosts {
	if len(hs) == 1 {
		return hs
	}
	ordered := make(hosts, 0, len(hs))
	var last hosts
	for _, h := range hs {
		if h.resting(now) {
			last = append(last, h)
		} else {
			ordered = append(ordered, h)
		}
	}
	return append(ordered, last...)
}

// resting says whether h failed within the last minute. When the minute is over
// one caller is told so, to try h first; the others wait for what comes of it.
func (h *host) resting(now time.Time) bool {
	failed := h.failed.Load()
	if failed == 0 {
		return false
	}
	// A clock that was set back must not keep a host away for longer.
	if ago := now.Sub(time.Unix(0, failed)); ago >= 0 && ago < failedFor {
		return true
	}
	return !h.failed.CompareAndSwap(failed, now.UnixNano())
}

func (h *host) noteFailure(now time.Time) { h.failed.Store(now.UnixNano()) }

func (h *host) noteSuccess() {
	if h.failed.Load() != 0 {
		h.failed.Store(0)
	}
}
