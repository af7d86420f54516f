package admin

// Where the admin API has our endpoints.
const (
	StatusPath  = "/wechat_card/status"
	RefreshPath = "/wechat_card/refresh"
)

// VerifyPath is where the admin API says why a phone refuses what was passed to it.
const VerifyPath = "/wechat_card/verify"
