package verify

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// appIDSlips are other app ids in the place of the official account's.
func appIDSlips(known tickets.Known, own *tickets.Account) []*slip.Slip {
	list := []*slip.Slip{slip.Remove(report.NotSigned, "app_id")}
	var others []*slip.Slip
	for _, a := range known.Accounts {
		for _, id := range a.MiniPrograms {
			list = append(list, slip.Set(report.AppIDOfMiniProgram, "app_id", id).Got(id))
		}
		switch {
		case a.AppID == "" || own != nil && a.Name == own.Name:
		case a.MiniProgram:
			list = append(list, slip.Set(report.AppIDOfMiniProgram, "app_id", a.AppID).Got(a.AppID))
		default:
			others = append(others, slip.Set(report.AppIDOfOther, "app_id", a.AppID).Got(a.AppID))
		}
	}
	return append(list, others...)
}

// appIDIs says whose an app id is that was sent: the finding about it, "" when it is right.
func appIDIs(known tickets.Known, own *tickets.Account, id string) report.ID {
	match := report.ID("")
	for _, a := range known.Accounts {
		mine := own == nil || own.Name == a.Name
		switch {
		case slices.Contains(a.MiniPrograms, id), a.MiniProgram && a.AppID == id:
			return report.AppIDOfMiniProgram
		case a.AppID == id && mine:
			return ""
		case a.AppID == id:
			match = report.AppIDOfOther
		case a.AppID != "" && mine && match == "" && !a.MiniProgram:
			match = report.AppIDUnknown
		}
	}
	if strings.TrimSpace(id) == "" {
		return report.AppIDMissing
	}
	return match
}
