package sent

import (
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Time tells what is wrong with the timestamp of that name. The zero time for now: its age is not judged.
func Time(it *report.Item, name, text string, now time.Time) {
	if text == "" {
		it.About(report.FieldMissing, name, "")
		return
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !field.IsDigits(text) {
		it.About(report.NotDigits, name, "")
		return
	}
	if len(text) > secondDigits {
		it.About(report.Milliseconds, name, "") // how old it is matters when it is seconds
		return
	}
	if now.IsZero() {
		return
	}
	switch age := now.Sub(time.Unix(n, 0)); {
	case age > ticketLife:
		it.About(report.TimestampOld, name, spanText(age))
	case age < -clockSlack:
		it.About(report.TimestampAhead, name, spanText(-age))
	}
}

// secondDigits is how many digits seconds since 1970 have at most, until the year 5138; milliseconds have had more since 1973.
const secondDigits = 11

// What timestamps may differ by. WeChat publishes no bound for cards; a ticket's lifetime is one that nobody passes who
// signs when the user is there.
const (
	ticketLife = 2 * time.Hour
	clockSlack = 5 * time.Minute
)

// spanText is a duration in units that are the same in all languages.
func spanText(d time.Duration) string {
	if d >= 48*time.Hour {
		return strconv.Itoa(int(d/(24*time.Hour))) + " d"
	}
	if d >= 2*time.Hour {
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/time.Minute)) + " min"
}

// Nonce tells what is wrong with a nonce: it has at most 32 letters and digits.
func Nonce(it *report.Item, name, nonce string) {
	if len(nonce) > 32 || !field.All(nonce, field.IsAlnum) {
		it.About(report.NonceMalformed, name, "")
	}
}
