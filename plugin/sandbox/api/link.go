package api

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const (
	maxLinkQuery = 1024 // bytes
	maxLinkDays  = 30
)

// linkTime is how long a link lives: to a moment (type 0), or for some days (type 1).
type linkTime struct {
	Type     int   `json:"expire_type"`
	Time     int64 `json:"expire_time"` // Unix, in seconds
	Interval int   `json:"expire_interval"`
}

func (l linkTime) check(now time.Time) error {
	end := time.Unix(l.Time, 0)
	switch {
	case l == linkTime{}: // as long as can be
		return nil
	case l.Type == 0 && end.After(now) && !end.After(now.AddDate(0, 0, maxLinkDays)):
		return nil
	case l.Type == 1 && l.Interval >= 1 && l.Interval <= maxLinkDays:
		return nil
	}
	return wire.ErrBadTime
}

// page is where a link leads.
type page struct {
	Path  string `json:"path"`
	Query string `json:"query"`
}

// check refuses a link to the page that lives as long as told.
func (p page) check(life linkTime, now time.Time) error {
	switch {
	case len(p.Path) > maxPagePath:
		return wire.ErrBadPagePath
	case len(p.Query) > maxLinkQuery:
		return wire.ErrBadQuery
	}
	return life.check(now)
}

func generateURLLink(c *call) (any, error) {
	req, err := wire.Decode[struct {
		page
		linkTime
	}](c.body)
	if err == nil {
		err = req.page.check(req.linkTime, c.now)
	}
	if err != nil {
		return nil, err
	}
	return struct {
		wire.Status
		Link string `json:"url_link"`
	}{wire.OK, "https://wxaurl.cn/" + secret.Text(11)}, nil
}

func generateScheme(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Page page `json:"jump_wxa"`
		linkTime
	}](c.body)
	if err == nil {
		err = req.Page.check(req.linkTime, c.now)
	}
	if err != nil {
		return nil, err
	}
	return struct {
		wire.Status
		Link string `json:"openlink"`
	}{wire.OK, "weixin://dl/business/?t=" + secret.Text(11)}, nil
}
