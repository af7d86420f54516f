package sandbox

import (
	"strings"
	"time"
)

// Daily quotas end at midnight, China time.
var chinaTime = time.FixedZone("CST", 8*60*60)

const clearsAMonth = 10

// limits are calls a day, by path; defaultLimit for the rest. WeChat's for a new account, where published.
var limits = map[string]int{
	"/cgi-bin/token":            2_000,
	"/cgi-bin/stable_token":     500_000,
	"/cgi-bin/ticket/getticket": 10_000,
}

const defaultLimit = 100_000

// daily counts the calls of a day, by path.
type daily struct {
	day  string
	used map[string]int
}

// monthly counts the clear_quota calls of a month.
type monthly struct {
	month string
	count int
}

func day(t time.Time) string { return t.In(chinaTime).Format(time.DateOnly) }

func limit(path string) int {
	if n, found := limits[path]; found {
		return n
	}
	return defaultLimit
}

// spend counts a call, or refuses it with 45009. The two calls about quotas themselves are free.
func (a *app) spend(path string, now time.Time) error {
	if path == "/cgi-bin/clear_quota" || path == "/cgi-bin/openapi/quota/get" {
		return nil
	}
	if today := day(now); a.quota.day != today || a.quota.used == nil {
		a.quota = daily{day: today, used: make(map[string]int)}
	}
	if a.quota.used[path] >= limit(path) {
		return errQuota
	}
	a.quota.used[path]++
	return nil
}

func (s *Sandbox) getQuota(c *call) (any, error) {
	req, err := decode[struct {
		Path string `json:"cgi_path"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if _, found := s.endpoints[req.Path]; !found || strings.HasPrefix(req.Path, "/sns/") {
		return nil, errBadPath
	}
	used := 0
	if c.app.quota.day == day(c.now) {
		used = c.app.quota.used[req.Path]
	}
	type quota struct {
		Daily  int `json:"daily_limit"`
		Used   int `json:"used"`
		Remain int `json:"remain"`
	}
	return struct {
		status
		Quota quota `json:"quota"`
	}{ok, quota{limit(req.Path), used, limit(req.Path) - used}}, nil
}

func (s *Sandbox) clearQuota(c *call) (any, error) {
	req, err := decode[struct {
		AppID string `json:"appid"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.AppID != c.app.id {
		return nil, errBadAppID
	}
	if month := c.now.In(chinaTime).Format("2006-01"); c.app.clears.month != month {
		c.app.clears = monthly{month: month}
	}
	if c.app.clears.count >= clearsAMonth {
		return nil, errClears
	}
	c.app.clears.count++
	c.app.quota = daily{}
	return ok, nil
}
