package relay

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// Doubts implements Doubtful.
func (rl *Relay) Doubts() []doctor.Finding { return rl.doubts }

// doubt says what is risky about a configuration whose server listens on open, which others than this machine can reach, and what of it
// has no effect.
func (rl *Relay) doubt(open []string) []doctor.Finding {
	return append(rl.doubtStrangers(open), rl.doubtSecure()...)
}

// doubtSecure finds that nothing is sealed of what is sealed by default. Whoever lists the paths himself is told by an error.
func (rl *Relay) doubtSecure() []doctor.Finding {
	if rl.Secure == nil || len(rl.Secure.Paths) > 0 || slices.ContainsFunc(securedPaths, rl.sealsCallsOf) {
		return nil
	}
	return []doctor.Finding{{
		Check: "relay", Verdict: doctor.Warning,
		Text: "relay seals no call: of the paths that secure has by default, allow lets none through",
		Todo: "list in paths of secure what of allow is to be sealed, or leave secure out",
	}}
}

func (rl *Relay) doubtStrangers(open []string) []doctor.Finding {
	var risks []string
	if !rl.clients.OnlyLoopback() {
		risks = append(risks, "its clients are "+strings.Join(rl.Clients, " "))
	}
	if len(open) > 0 {
		risks = append(risks, "Caddy listens on "+strings.Join(open, " "))
	}
	if rl.key.Set || len(risks) == 0 {
		return nil
	}
	return []doctor.Finding{{
		Check: "relay", Verdict: doctor.Warning,
		Text: "relay needs no key, and " + strings.Join(risks, ", and ") + ": strangers behind a proxy that says nothing of forwarding are clients like its own",
		Todo: "give it a key; or let only this machine call: bind 127.0.0.1, no clients, and no proxy in front",
	}}
}
