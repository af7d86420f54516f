package relay

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// Doubts implements Doubtful.
func (rl *Relay) Doubts() []doctor.Finding { return rl.doubts }

// doubt says what is risky about a configuration whose server listens on open, which others than this machine can reach.
func (rl *Relay) doubt(open []string) []doctor.Finding {
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
