package sent

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// ConfigSignatures are the signatures of the arguments of wx.config that stand anywhere in a text, as in the answer of a
// backend that has them and cards.
func ConfigSignatures(raw []byte) []string {
	var list []string
	visits := 0
	var visit func(raw []byte, depth int)
	visit = func(raw []byte, depth int) {
		if visits++; depth > maxDepth || visits > maxVisits {
			return
		}
		if text, ok := StringOf(raw); ok {
			visit([]byte(text), depth+1)
			return
		}
		if entries, ok := ListOf(raw); ok {
			for _, entry := range entries {
				visit(entry, depth+1)
			}
			return
		}
		members, _ := ObjectOf(raw)
		if v, ok := objectValue(members); ok && v.Kind == report.JSConfig {
			if at := slices.IndexFunc(members, func(m Member) bool { return m.Key == "signature" }); at >= 0 {
				if text, ok := StringOf(members[at].Raw); ok {
					list = append(list, text)
				}
			}
			return
		}
		for _, m := range members {
			visit(m.Raw, depth+1)
		}
	}
	if len(raw) <= MaxInput {
		visit(raw, 0)
	}
	return list
}
