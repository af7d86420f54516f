package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// CheckTogether looks at the cards that routes sign at once. Of several member cards, wx.addCard gives the first one only (since
// 2021-01-20). members are the ids of the member cards among those of uses.
func CheckTogether(uses []CardUse, members []string, report Report) {
	seen := make(map[string]bool)
	for _, use := range uses {
		if seen[use.Together] {
			continue
		}
		seen[use.Together] = true
		var several []string
		for id := range strings.FieldsSeq(use.Together) {
			if slices.Contains(members, id) {
				several = append(several, id)
			}
		}
		if len(several) < 2 {
			continue
		}
		report(Finding{
			Check: checkCards, Verdict: Warning,
			Text: fmt.Sprintf("%s: whoever names no card gets %d member cards at once (%s), of which phones add the first one only",
				use.Action, len(several), strings.Join(several, ", ")),
			Todo: "have clients name one with card_id, each member card in a call of wx.addCard of its own",
		})
	}
}
