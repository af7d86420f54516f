package accounts

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// ChinaTime is when days and months end: daily quotas do at midnight there.
var ChinaTime = time.FixedZone("CST", 8*60*60)

const clearsAMonth = 10

// limits are calls a day, by path; defaultLimit for the rest. WeChat's for a new account, where published.
var limits = map[string]int{
	"/cgi-bin/token":            2_000,
	"/cgi-bin/stable_token":     500_000,
	"/cgi-bin/ticket/getticket": 10_000,

	"/cgi-bin/component/api_component_token": 2_000, // not published; as that of an account
}

const defaultLimit = 100_000

func day(t time.Time) string { return t.In(ChinaTime).Format(time.DateOnly) }

// Limit is how many calls a day a path has.
func Limit(path string) int {
	if n, found := limits[path]; found {
		return n
	}
	return defaultLimit
}

// Spend counts a call, or refuses it with 45009. The two calls about quotas themselves are free.
func (a *App) Spend(path string, now time.Time) error {
	if path == "/cgi-bin/clear_quota" || path == "/cgi-bin/openapi/quota/get" {
		return nil
	}
	if today := day(now); a.quota.day != today || a.quota.used == nil {
		a.quota = daily{day: today, used: make(map[string]int)}
	}
	if a.quota.used[path] >= Limit(path) {
		return wire.ErrQuota
	}
	a.quota.used[path]++
	return nil
}

// Used is how many calls a path had on the day of now.
func (a *App) Used(path string, now time.Time) int {
	if a.quota.day != day(now) {
		return 0
	}
	return a.quota.used[path]
}

// ClearQuota lets all daily quotas begin anew; ten times a month, then it fails with 48006.
func (a *App) ClearQuota(now time.Time) error {
	if month := now.In(ChinaTime).Format("2006-01"); a.clears.month != month {
		a.clears = monthly{month: month}
	}
	if a.clears.count >= clearsAMonth {
		return wire.ErrClears
	}
	a.clears.count++
	a.quota = daily{}
	return nil
}
