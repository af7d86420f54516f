package api

import (
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const (
	maxLinkQuery = 1024 // bytes
	minLinkLife  = time.Minute
	maxLinkDays  = 30
	querySigns   = "!#$&'()*+,/:;=?@-._~%`"
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
	case l.Type == 0 && !end.Before(now.Add(minLinkLife)) && !end.After(now.AddDate(0, 0, maxLinkDays)):
		return nil
	case l.Type == 1 && l.Interval >= 1 && l.Interval <= maxLinkDays:
		return nil
	}
	return wire.ErrBadTime
}

// page is where a link leads: without a path to the first page.
type page struct {
	Path    string `json:"path"`
	Query   string `json:"query"`
	Version string `json:"env_version"` // "": release
}

// check refuses a link to the page that lives as long as told. Which pages are published the sandbox does not know; whatever holds more
// than letters, digits and / - _ . is none, above all a path with its query behind it.
func (p page) check(life linkTime, now time.Time) error {
	switch {
	case len(p.Path) > maxPagePath || !isOf(p.Path, "/-_."):
		return wire.ErrBadPagePath
	case len(p.Query) > maxLinkQuery || !isOf(p.Query, querySigns):
		return wire.ErrBadQuery
	case p.Version != "" && !slices.Contains(versions, p.Version):
		return wire.ErrBadVersion
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
