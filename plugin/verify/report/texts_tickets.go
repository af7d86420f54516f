package report

// ticketTexts are the texts about app ids and tickets.
var ticketTexts = map[ID]mistake{
	// App ids.
	AppIDMissing: {
		Mistake,
		Text{"appId is missing", "缺少 appId"},
		Text{"Send the official account's app id.", "传公众号的 appid。"},
	},
	AppIDOfMiniProgram: {
		Mistake,
		Text{"{got} is the app id of a mini program", "{got} 是小程序的 appid"},
		Text{"Use the official account's that created the cards.", "要用创建卡券的公众号的 appid。"},
	},
	AppIDOfOther: {
		Mistake,
		Text{"{got} is the app id of another official account", "{got} 是另一个公众号的 appid"},
		Text{"Use that of the account whose ticket signs.", "要用签名所用 ticket 所属公众号的 appid。"},
	},
	AppIDUnknown: {
		Mistake,
		Text{"{got} is the app id of no account known here", "{got} 不属于这里已知的任何账号"},
		Text{"Use the app id of the official account whose ticket signs.", "要用签名所用 ticket 所属公众号的 appid。"},
	},
	AppIDNeeded: {
		Missing,
		Text{"the official account's app id is not known", "不知道公众号的 appid"},
		Text{"Say it (--app-id): wx.chooseCard signs it, but does not send it.", "请指明（--app-id）：wx.chooseCard 要对它签名，但不传入。"},
	},

	// Tickets.
	TicketNeeded: {
		Missing,
		Text{"there is no {field} to check with", "没有可用于检查的 {field}"},
		Text{"Give one (--ticket for cards, --jsapi-ticket for wx.config), or name an account whose ticket the running Caddy keeps: caddy wechat-card refresh --credential {field}", "请提供（卡券用 --ticket，wx.config 用 --jsapi-ticket），或指明由运行中的 Caddy 保管 ticket 的账号：caddy wechat-card refresh --credential {field}"},
	},
	TicketExpired: {
		Mistake,
		Text{"signed with a ticket that has ended", "使用了已过期的 ticket 签名"},
		Text{"Ask for the ticket anew before it ends (after 7200 s), and keep it in one place for all servers.", "在过期（7200 秒）之前重新获取，所有服务器共用同一处保存的 ticket。"},
	},
	TicketPrevious: {
		Warning,
		Text{"signed with the ticket before the current one", "使用了上一个 ticket 签名"},
		Text{"It works until its end only: let the signer read the ticket anew each time.", "它只在到期前有效：签名时每次都读取当前的 ticket。"},
	},
	TicketOfOther: {
		Mistake,
		Text{"signed with the ticket of the account {got}", "使用了账号 {got} 的 ticket 签名"},
		Text{"Sign with the ticket of the official account that created the card.", "要用创建该卡券的公众号的 ticket 签名。"},
	},
	TicketOfMiniProgram: {
		Mistake,
		Text{"signed with a ticket of the mini program {got}", "使用了小程序 {got} 的 ticket 签名"},
		Text{"Fetch the ticket with the access_token of the official account that created the card, not of the mini program.", "要用创建卡券的公众号（而不是小程序）的 access_token 获取 ticket。"},
	},
	JSAPITicket: {
		Mistake,
		Text{"signed with a jsapi_ticket", "使用了 jsapi_ticket 签名"},
		Text{"Cards want the api_ticket: getticket with type=wx_card. The jsapi_ticket signs wx.config only.", "卡券要用 api_ticket：getticket 时 type=wx_card。jsapi_ticket 只用于 wx.config。"},
	},
	APITicket: {
		Mistake,
		Text{"signed with an api_ticket", "使用了 api_ticket 签名"},
		Text{"wx.config wants the jsapi_ticket: getticket with type=jsapi. The api_ticket signs cards only.", "wx.config 要用 jsapi_ticket：getticket 时 type=jsapi。api_ticket 只用于卡券。"},
	},
	AccessToken: {
		Mistake,
		Text{"signed with an access_token", "使用了 access_token 签名"},
		Text{"It only serves to fetch the ticket that signs: getticket with type=wx_card for cards, with type=jsapi for wx.config.", "它只用来获取签名用的 ticket：卡券是 getticket 的 type=wx_card，wx.config 是 type=jsapi。"},
	},
	AppSecret: {
		Mistake,
		Text{"signed with an app secret", "使用了 appsecret 签名"},
		Text{"A ticket signs: getticket with type=wx_card for cards, with type=jsapi for wx.config. What old documents say of app secrets no longer holds.", "签名用的是 ticket：卡券是 getticket 的 type=wx_card，wx.config 是 type=jsapi。旧文档里用 appsecret 的说法已不适用。"},
	},
	TicketNotSigned: {
		Mistake,
		Text{"signed without a ticket", "签名里没有 ticket"},
		Text{"Put the ticket among the signed values; look whether it was empty.", "把 ticket 放进参与签名的值；检查它是否为空。"},
	},
	TicketWord: {
		Mistake,
		Text{`"{got}" was signed in the ticket's place`, `在 ticket 的位置签了 "{got}"`},
		Text{"Find out why there was no ticket: its call failed, or was not waited for (await).", "查明为什么没有 ticket：获取失败，或没有等它返回（await）。"},
	},
	TicketAltered: {
		Mistake,
		Text{"the ticket was signed with a line break, a blank or quotes around it", "签名时 ticket 带有换行、空格或引号"},
		Text{"Trim it after reading it from a file or a cache, and do not sign its JSON.", "从文件或缓存读出后去掉首尾空白，也不要用它的 JSON 形式签名。"},
	},
}
