package platformauthorize

import (
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
)

// Texts are what the pages say.
type Texts struct {
	Offer, Explain, ByPC, ByPhone   string // the page with the links
	Leave, Continue                 string // the one that leads to WeChat
	Done, Granted, MissingSets      string // what was authorised
	Remedy, GoOn, Close, Fault, Set string
	Sets                            map[int]string // names of permission sets
	Why                             map[int]string // what does not work without one
}

func textsOf(lang language.Tag) Texts {
	if lang == language.Chinese {
		return chinese
	}
	return english
}

// nameOf is what a permission set is called.
func (t Texts) nameOf(id int) string {
	if name := t.Sets[id]; name != "" {
		return name
	}
	return fmt.Sprintf(t.Set, id)
}

var english = Texts{
	Offer:       "Authorise your WeChat account",
	Explain:     "Your official account or mini program lets this platform act for it. Only its administrator can do that, in WeChat; you can take it back at mp.weixin.qq.com at any time.",
	ByPC:        "On a computer: scan with WeChat",
	ByPhone:     "In WeChat on this phone",
	Leave:       "On to WeChat …",
	Continue:    "Continue at WeChat",
	Done:        "Authorised",
	Granted:     "What was granted:",
	MissingSets: "Something is missing:",
	Remedy:      "Authorise again, and leave everything ticked. If WeChat does not offer a permission, the platform has not asked for it, or the account does not have it itself.",
	GoOn:        "Go on",
	Close:       "You can close this page.",
	Fault:       "That did not work",
	Set:         "permission set %d",
	Sets: map[int]string{
		1: "messages (消息管理)", 2: "users (用户管理)", 3: "account service (账号服务)", thirdparty.SetPages: "web pages (网页服务)",
		6: "customer service (多客服)", 7: "mass messages and notices (群发与通知)", thirdparty.SetCards: "cards (微信卡券)", 9: "material (素材管理)",
		11: "intelligent interfaces (智能)", 13: "stores (门店)", 15: "menu (菜单)", 17: "codes (小程序码)", thirdparty.SetPrograms: "development and data (开发与数据分析)",
		19: "customer messages (客服)", 24: "open platform account (开放平台账号)", 25: "basic information (基本信息)", 26: "invoices (电子发票)",
		33: "linked mini programs (小程序关联)", 88: "URL Scheme and Link", 89: "subscription notices (订阅通知)",
	},
	Why: map[int]string{
		thirdparty.SetCards:    "cards cannot be handed out.",
		thirdparty.SetPages:    "web pages can neither log visitors in nor use WeChat's JS-SDK. An account gives it to one platform only: if another has it, take it back there first.",
		thirdparty.SetPrograms: "phone numbers of the mini program's users cannot be read. A mini program gives it to one platform only: if another has it, take it back there first.",
	},
}

var chinese = Texts{
	Offer:       "授权您的微信账号",
	Explain:     "授权之后，本平台可以代您的公众号或小程序提供服务。只有账号管理员能在微信里确认授权；您可以随时在 mp.weixin.qq.com 取消。",
	ByPC:        "在电脑上用微信扫码授权",
	ByPhone:     "在本机微信里授权",
	Leave:       "正在前往微信……",
	Continue:    "前往微信继续",
	Done:        "授权成功",
	Granted:     "已授予的权限：",
	MissingSets: "还缺少：",
	Remedy:      "请重新授权，并保留全部勾选。如果微信没有列出某项权限，说明平台没有申请它，或者账号自身没有它。",
	GoOn:        "继续",
	Close:       "可以关闭本页面了。",
	Fault:       "没有成功",
	Set:         "权限集 %d",
	Sets: map[int]string{
		1: "消息管理", 2: "用户管理", 3: "账号服务", thirdparty.SetPages: "网页服务", 6: "多客服", 7: "群发与通知", thirdparty.SetCards: "微信卡券",
		9: "素材管理", 11: "智能", 13: "门店", 15: "菜单", 17: "小程序码", thirdparty.SetPrograms: "开发与数据分析", 19: "客服", 24: "开放平台账号",
		25: "基本信息", 26: "电子发票", 33: "小程序关联", 88: "URL Scheme 与 URL Link", 89: "订阅通知",
	},
	Why: map[int]string{
		thirdparty.SetCards:    "不能发放卡券。",
		thirdparty.SetPages:    "网页不能让访客登录，也不能使用 JS-SDK。公众号只能把它授权给一个平台：如果已授权给别的平台，请先在那里取消。",
		thirdparty.SetPrograms: "不能读取小程序用户的手机号。小程序只能把它授权给一个平台：如果已授权给别的平台，请先在那里取消。",
	},
}
