package wechat

import "time"

// Zone is the zone of WeChat's days: quotas start afresh at midnight there.
var Zone = time.FixedZone("CST", 8*60*60)

// NextDay is the midnight that ends WeChat's day of now.
func NextDay(now time.Time) time.Time {
	y, m, d := now.In(Zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, Zone)
}
