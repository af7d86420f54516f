package limit

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// network is where a client is; the zero value: nowhere that is held to a share.
type network = netip.Prefix

// sharedSpace is between a carrier and its customers, or between a cloud and its balancers: who comes from there is a proxy of
// ours, as with private addresses.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// Network gives the network of a client that is held to a share of each bucket: /24 of an IPv4 address, /56 of an IPv6 address,
// which is what a customer of a provider has. It is not ok for loopback, link-local, private and shared addresses: behind these are
// proxies, and with them everybody.
func Network(client netip.Addr) (_ netip.Prefix, ok bool) {
	client = client.Unmap().WithZone("")
	if !client.IsGlobalUnicast() || client.IsPrivate() || sharedSpace.Contains(client) {
		return netip.Prefix{}, false
	}
	bits := 24
	if client.Is6() {
		bits = 56
	}
	prefix, err := client.Prefix(bits)
	return prefix, err == nil
}

type networkKey struct{}

// WithClient gives a context for the calls that a client causes: its network is held to its share of them.
func WithClient(ctx context.Context, client netip.Addr) context.Context {
	if prefix, ok := Network(client); ok {
		return context.WithValue(ctx, networkKey{}, prefix)
	}
	return ctx
}

func networkOf(ctx context.Context) network {
	prefix, _ := ctx.Value(networkKey{}).(network)
	return prefix
}

// shares is what networks have of a bucket. It remembers those with a call under way, and the calls that WeChat refused within a
// minute, of which there are no more than the bucket let through.
type shares struct {
	of       map[network]*share
	refusals []refusal // the oldest first
}

// share is a network's.
type share struct {
	calls   int // that are under way
	refused int // within a minute
}

type refusal struct {
	network network
	at      time.Time
}

// allow tells whether a network may make a call now, of which most may be refused in a minute. wait is how long its share is used
// up; if it is 0 and the network may not, calls are under way that could use it up.
func (s *shares) allow(of network, most int, now time.Time) (may bool, wait time.Duration) {
	s.forget(now)
	one := s.of[of]
	switch {
	case one == nil:
		return true, 0
	case one.refused < most:
		return one.refused+one.calls < most, 0
	}
	oldest := slices.IndexFunc(s.refusals, func(r refusal) bool { return r.network == of })
	return false, time.Minute - now.Sub(s.refusals[oldest].at)
}

// forget drops the refusals that are a minute old.
func (s *shares) forget(now time.Time) {
	for len(s.refusals) > 0 && now.Sub(s.refusals[0].at) >= time.Minute {
		of := s.refusals[0].network
		s.refusals = s.refusals[1:]
		s.of[of].refused--
		s.drop(of)
	}
}

func (s *shares) begin(of network) {
	if !of.IsValid() {
		return
	}
	if s.of == nil {
		s.of = make(map[network]*share)
	}
	one := s.of[of]
	if one == nil {
		one = new(share)
		s.of[of] = one
	}
	one.calls++
}

func (s *shares) end(of network, refused bool, now time.Time) {
	if !of.IsValid() {
		return
	}
	one := s.of[of]
	one.calls--
	if refused {
		one.refused++
		s.refusals = append(s.refusals, refusal{of, now})
	}
	s.drop(of)
}

// drop forgets a network of which there is nothing to remember.
func (s *shares) drop(of network) {
	if *s.of[of] == (share{}) {
		delete(s.of, of)
	}
}
