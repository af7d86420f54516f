package admin

// Where the admin API has our endpoints.
const (
	StatusPath  = "/wechat_card/status"
	RefreshPath = "/wechat_card/refresh"
)

// VerifyPath is where the admin API says why a phone refuses what was passed to it.
const VerifyPath = "/wechat_card/verify"

// Where the admin API lists the messages that no backend has accepted, and pushes them again.
const (
	PushesPath = "/wechat_card/push"
	ReplayPath = "/wechat_card/push/replay"
)

// ListenPath is where the admin API tells what WeChat pushes and what the backend answers, from now on: a line of JSON each.
const ListenPath = "/wechat_card/push/listen"

// AccountsPath is where the admin API lists the accounts that are data; behind it and a slash is each of them by its app_id.
const AccountsPath = "/wechat_card/accounts"
