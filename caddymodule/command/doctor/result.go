package doctor

import (
	"encoding/json"
	"io"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"
)

// checkResult is a finding as it is shown.
type checkResult struct {
	Account string `json:"account,omitempty"` // empty: of the process, not of an account
	Check   string `json:"check"`
	Card    string `json:"card,omitempty"`
	Status  string `json:"status"` // ok, warning or wrong
	Detail  string `json:"detail"`
	Todo    string `json:"todo,omitempty"`

	mark terminal.Mark
}

// verdictNames are the statuses of a checkResult.
var verdictNames = map[doctor.Verdict]string{doctor.Fine: "ok", doctor.Warning: "warning", doctor.Wrong: "wrong"}

// verdictMarks are the same for people.
var verdictMarks = map[doctor.Verdict]terminal.Mark{doctor.Fine: terminal.Fine, doctor.Warning: terminal.Warn, doctor.Wrong: terminal.Bad}

// writeChecks is the output of --json.
func writeChecks(w io.Writer, results []checkResult) error {
	status := doctor.Fine
	for _, r := range results {
		for verdict, name := range verdictNames {
			if r.Status == name {
				status = max(status, verdict)
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Status  string        `json:"status"` // the worst of the checks'
		Checks  []checkResult `json:"checks"`
		Version string        `json:"version"` // of the plugin
	}{verdictNames[status], results, version.String()})
}
