package events

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// MaxAuthorised is how many accounts of a platform are told, and how many that could authorise it.
const MaxAuthorised = 30

// PlatformView is a third-party platform. Times are milliseconds since 1970; 0: never.
type PlatformView struct {
	AppID   string           `json:"app_id"`
	Pushed  bool             `json:"pushed"`  // tickets are
	Taken   int64            `json:"taken"`   // when it took one last
	Total   int              `json:"total"`   // accounts that have authorised it
	Boarded []AuthorisedView `json:"boarded"` // the latest of them first
	Waiting []ScanView       `json:"waiting"` // visits of WeChat's page, the latest first
}

// AuthorisedView is an account that has authorised a platform.
type AuthorisedView struct {
	AppID     string `json:"app_id"`
	Name      string `json:"name"`
	Mini      bool   `json:"mini_program"`
	Sets      []int  `json:"sets"`
	Since     int64  `json:"since"`
	Exchanged int64  `json:"exchanged"` // when the platform had its code exchanged
	Token     int64  `json:"token"`     // when the token ends that the platform got last
}

// ScanView is a visit of WeChat's page that waits for a merchant.
type ScanView struct {
	Request  string         `json:"request"`
	Opened   int64          `json:"opened"`
	Accounts []MerchantView `json:"accounts"`
}

// MerchantView is an account that could authorise a platform.
type MerchantView struct {
	AppID string    `json:"app_id"`
	Name  string    `json:"name"`
	Mini  bool      `json:"mini_program"`
	Sets  []SetView `json:"sets"`
}

// SetView is a permission set.
type SetView struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// Platforms tells of all platforms. The world is locked.
func Platforms(w *world.World) []PlatformView {
	all := w.Platform.All()
	list := make([]PlatformView, 0, len(all))
	for _, c := range all {
		boarded, total := c.Latest(MaxAuthorised)
		v := PlatformView{
			AppID: c.ID, Pushed: c.EventsURL != "" && !c.Stopped, Taken: millis(c.Taken), Total: total, Boarded: []AuthorisedView{}, Waiting: []ScanView{},
		}
		for _, a := range boarded {
			m, err := w.Platform.Merchant(a.AppID)
			if err != nil {
				continue
			}
			account := AuthorisedView{AppID: a.AppID, Name: m.Name, Mini: m.MiniProgram, Sets: a.Sets, Since: millis(a.Since), Exchanged: millis(a.Exchanged)}
			if t := a.Token(); t != nil {
				account.Token = millis(t.Expires)
			}
			v.Boarded = append(v.Boarded, account)
		}
		for _, sc := range w.Platform.Waiting(w.Now()) {
			if sc.Component == c && len(v.Waiting) < MaxAuthorised {
				v.Waiting = append(v.Waiting, ScanView{sc.Name, millis(sc.Opened), candidates(w.Platform, sc)})
			}
		}
		list = append(list, v)
	}
	return list
}

func candidates(s *platform.Store, sc *platform.Scan) []MerchantView {
	all := s.Candidates(sc)
	all = all[:min(len(all), MaxAuthorised)]
	list := make([]MerchantView, 0, len(all))
	for _, m := range all {
		v := MerchantView{m.AppID, m.Name, m.MiniProgram, []SetView{}}
		for _, id := range sc.SetsOf(m) {
			v.Sets = append(v.Sets, SetView{id, platform.SetNames[id]})
		}
		list = append(list, v)
	}
	return list
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
