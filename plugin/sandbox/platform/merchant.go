package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
)

// Merchant is an account whose owner may authorise platforms.
type Merchant struct {
	AppID       string `json:"app_id"`
	Name        string `json:"name"`      // nick_name; default: the app_id
	UserName    string `json:"user_name"` // original id, gh_…; default: one that follows from the app_id
	MiniProgram bool   `json:"mini_program"`
	// Unverified accounts have no rights to cards and pages: verify_type_info is -1 and open_card 0.
	Unverified bool `json:"unverified"`
	// Status is account_status; default: 1, normal.
	Status int `json:"status"`
}

// invented are the accounts that there are without anybody's doing.
var invented = []Merchant{
	{AppID: "wx1a7c5e9f0b2d4c68", Name: "山麓茶铺 Hillside Tea"},
	{AppID: "wx2b8d6fa01c3e5d79", Name: "码头咖啡 Harbour Coffee"},
	{AppID: "wx3c9e70b12d4f6e8a", Name: "周末小店 Weekend", MiniProgram: true},
}

// Tester is a pair of the accounts that the test before 全网发布 is made with, as WeChat's page has listed them since 2021-01-18.
type Tester struct{ Official, Mini Merchant }

// Testers are the pairs.
var Testers = []Tester{
	testers("wx570bc396a51b8ff8", "gh_3c884a361561", "wxd101a85aa106f53e", "gh_8dad206e9538"),
	testers("wx9252c5e0bb1836fc", "gh_c0f28a78b318", "wxc39235c15087f6f3", "gh_905ae9d01059"),
	testers("wx8e1097c5bc82cde9", "gh_3f222ed8d140", "wx7720d01d4b2a4500", "gh_393666f1fdf4"),
	testers("wx14550af28c71a144", "gh_26128078e9ab", "wx05d483572dcd5d8b", "gh_39abb5d4e1b7"),
	testers("wxa35b9c23cfe664eb", "gh_2b3713f184a6", "wx5910277cae6fd970", "gh_7818dcb60240"),
}

func testers(official, officialName, mini, miniName string) Tester {
	return Tester{
		Merchant{AppID: official, UserName: officialName, Name: "全网发布测试公众号"},
		Merchant{AppID: mini, UserName: miniName, Name: "全网发布测试小程序", MiniProgram: true},
	}
}

var (
	isAppID    = regexp.MustCompile(`^wx[0-9a-zA-Z]{1,30}$`)
	isUserName = regexp.MustCompile(`^gh_[0-9a-z]{1,30}$`)
)

// PutMerchant makes an account known, or replaces it, and gives it with its defaults.
func (s *Store) PutMerchant(m Merchant) (*Merchant, error) {
	if !isAppID.MatchString(m.AppID) {
		return nil, errors.New("app_id must be wx and letters and digits")
	}
	if _, isComponent := s.components[m.AppID]; isComponent {
		return nil, errors.New("app_id is that of a platform")
	}
	if m.Name == "" {
		m.Name = m.AppID
	}
	if m.UserName == "" {
		sum := sha256.Sum256([]byte("user_name " + m.AppID))
		m.UserName = "gh_" + hex.EncodeToString(sum[:6])
	}
	if !isUserName.MatchString(m.UserName) {
		return nil, errors.New("user_name must be gh_ and letters and digits")
	}
	if m.Status == 0 {
		m.Status = 1
	}
	s.merchants.Add(m.AppID, &m)
	return &m, nil
}

// Merchant gives an account, which is made where nobody has said anything of it.
func (s *Store) Merchant(appID string) (*Merchant, error) {
	if m, found := s.merchants.Get(appID); found {
		return m, nil
	}
	for _, pair := range Testers {
		for _, m := range []Merchant{pair.Official, pair.Mini} {
			if m.AppID == appID {
				return s.PutMerchant(m)
			}
		}
	}
	_, isMini := s.accounts.MiniPrograms[appID]
	return s.PutMerchant(Merchant{AppID: appID, MiniProgram: isMini})
}

// Merchants gives the accounts that are known, of a kind or of all, the configured ones of the sandbox among them; in the order of their ids.
func (s *Store) Merchants(authType string) []*Merchant {
	for _, id := range s.accounts.Known() {
		if _, isComponent := s.components[id]; !isComponent {
			_, _ = s.Merchant(id) // what is no app_id cannot authorise
		}
	}
	list := s.merchants.Values()
	list = slices.DeleteFunc(list, func(m *Merchant) bool {
		return authType == OfficialOnly && m.MiniProgram || authType == MiniOnly && !m.MiniProgram
	})
	slices.SortFunc(list, func(a, b *Merchant) int { return strings.Compare(a.AppID, b.AppID) })
	return list
}

// isAccount says whether an app id is known to be an account's.
func (s *Store) isAccount(id string) bool {
	return s.merchants.Contains(id) || slices.Contains(s.accounts.Known(), id)
}

// Sets are the permission sets that an account can grant.
func (m *Merchant) Sets() []int {
	if m.MiniProgram {
		return slices.Clone(miniSets)
	}
	return slices.Clone(officialSets)
}

// The permission sets, as WeChat's page lists them.
var (
	officialSets = []int{1, 2, 3, accounts.SetPages, 6, 7, accounts.SetCards, 9, 11, 13, accounts.SetMenu, 24, 26, 33, 89}
	miniSets     = []int{accounts.SetQRCodes, accounts.SetDevelop, accounts.SetService, 24, 25, accounts.SetAddresses}
)

// SetNames are what permission sets are called.
var SetNames = map[int]string{
	1: "消息管理", 2: "用户管理", 3: "账号服务", 4: "网页服务", 6: "多客服", 7: "群发与通知", 8: "微信卡券", 9: "素材管理", 11: "智能", 13: "门店", 15: "菜单", 17: "小程序码",
	18: "开发与数据分析", 19: "客服", 24: "开放平台账号", 25: "基本信息", 26: "电子发票", 33: "小程序关联", 88: "URL Scheme/Link", 89: "订阅通知",
}
