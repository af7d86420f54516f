package thirdparty

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// Notice is what a backend is told: one change of an authorisation.
type Notice struct {
	ID        string    `json:"id"`   // the same in each process that tells it, and each time
	Type      string    `json:"type"` // authorized, updateauthorized, unauthorized
	Time      time.Time `json:"time"` // by WeChat's clock
	Component string    `json:"component_app_id"`

	AppID         string `json:"app_id"` // of the account
	Name          string `json:"name,omitempty"`
	UserName      string `json:"user_name,omitempty"` // gh_…
	IsMiniProgram bool   `json:"is_mini_program"`
	Sets          []int  `json:"sets"`    // permission sets that were granted
	Missing       []int  `json:"missing"` // those among Wanted that were not
}

// changed tells the backends of a change.
func (c *Component) changed(change platform.Change) {
	notifiers := c.notified()
	if len(notifiers) == 0 {
		return
	}
	n := Notice{
		Type: string(change.Kind), Time: change.At.UTC().Truncate(time.Second), Component: c.cfg.AppID, AppID: change.AppID,
		Name: change.Name, UserName: change.UserName, IsMiniProgram: change.IsMiniProgram, Sets: change.Sets, Missing: []int{},
	}
	if n.Sets == nil {
		n.Sets = []int{}
	}
	if change.Kind != platform.Ended {
		n.Missing = append(n.Missing, Missing(change.Authorisation)...)
	}
	sum := sha256.Sum256([]byte(n.Component + "\x00" + n.Type + "\x00" + n.AppID + "\x00" + change.Generation + "\x00" + strconv.FormatInt(n.Time.Unix(), 10)))
	n.ID = kept.ID(sum[:])
	body, _ := json.Marshal(n) // strings and numbers
	for _, to := range notifiers {
		to.Tell(n.ID, n.Type, body)
	}
}

// The permission sets (权限集) that what the gateway does takes.
const (
	SetPages    = 4  // 网页服务: OAuth and JS-SDK, which an account gives to one platform only
	SetCards    = 8  // 微信卡券
	SetPrograms = 18 // 开发管理与数据分析: a mini program's phone numbers, which it gives to one platform only
)

// Missing tells which permission sets an account has not granted that the gateway takes, sorted.
func Missing(a platform.Authorisation) (missing []int) {
	wanted := []int{SetPages, SetCards}
	if a.IsMiniProgram {
		wanted = []int{SetPrograms}
	}
	granted := make(map[int]bool, len(a.Sets))
	for _, set := range a.Sets {
		granted[set] = true
	}
	for _, set := range wanted {
		if !granted[set] {
			missing = append(missing, set)
		}
	}
	return missing
}
