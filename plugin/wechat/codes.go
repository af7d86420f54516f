package wechat

import "time"

// The codes that the program itself speaks of.
const (
	codeInvalidCredential = 40001
	codeAppID             = 40013
	codeDayQuota          = 45009
	codeRetiredIP         = 48017
)

// rule is what we know of one errcode.
type rule struct {
	reaction Reaction
	account  bool          // AccountWide
	namesIP  bool          // errmsg may hold the IP that was refused
	wait     time.Duration // NotBefore
	hint     string
}

const (
	hintSecret   = "the app secret is wrong or was reset at mp.weixin.qq.com"
	hintIP       = "the address that this machine calls from is not in the official account's IP white list at mp.weixin.qq.com"
	hintConfirm  = "WeChat waits for the official account's administrator to confirm calls from this machine's address"
	hintNoRight  = "the official account does not have this right at WeChat; check app_id and the account's verification and card rights"
	hintFrozen   = "WeChat has frozen or banned the official account or this use of it"
	hintMangled  = "WeChat could not read the request: does a proxy change it?"
	hintStock    = "the card is out of stock or over a limit"
	hintCustom   = "the card is a custom-code card (use_custom_code is true); WeChat does this only for cards whose codes it hands out itself"
	hintCardID   = "card_id is not a card of this official account; app_id must be that of the account that created it"
	hintActivate = "the card was made without wx_activate, which one-tap activation needs"
	hintCode     = "the code is not one of this card: still encrypted, or of another account?"
	hintWebCode  = "the code of the authorization is wrong, was used before, or is older than five minutes: open the page again"
	hintMissing  = "a header of API 安全 did not reach WeChat: does a proxy take it away?"
	hintSealed   = "what was sealed or signed is not what WeChat expects: are the keys, their numbers and the app_id those of this mini program's console, under API 安全?"
	hintThird    = "the account is served through a third-party platform, whose authorisation is missing, has ended or does not hold this right"
)

// Our names of PhoneNumber and of WebLogin, for errors and metrics.
const (
	APIPhone    = "getuserphonenumber"
	APIWebLogin = "oauth2_access_token"
)

const (
	hintPhoneCode  = "the phone code is wrong, was used before or is older than five minutes; a js_code is none"
	hintPhoneRight = "the mini program may not ask for phone numbers: WeChat lets verified ones only, and none of a person's"
	hintPhonePlain = "this mini program demands API 安全 for getuserphonenumber, and login does not seal its call: have the mini program's console, under API 安全, not demand it for this call, or have the backend make the call, through relay with secure"
)

// ofPhones stands in the place of codes where a phone number was asked for: always in plain, so that what says what a sealed call
// lacks says that it is to be one.
var ofPhones = map[int]rule{
	codeAppID: {reaction: Refused, hint: "the phone code was given to another mini program than the access_token is of"},
	40029:     {reaction: Refused, hint: hintPhoneCode},
	40163:     {reaction: Refused, hint: hintPhoneCode},
	48001:     {reaction: Setup, hint: hintPhoneRight},
	40230:     {reaction: Setup, hint: hintPhonePlain},
	40231:     {reaction: Setup, hint: hintPhonePlain},
	40232:     {reaction: Setup, hint: hintPhonePlain},
	40233:     {reaction: Setup, hint: hintPhonePlain},
	934011:    {reaction: Setup, hint: hintPhonePlain},
}

const (
	hintScan            = "the account's authorisation of the third-party platform is over: its administrator has to scan the platform's page again"
	hintVerifyTicket    = "the component's verify ticket is wrong or too old; WeChat pushes one every ten minutes to the platform's URL for authorisation events: does it reach a message_push route of the component?"
	hintAuthCode        = "the authorization code is wrong, was used before or is too old: begin again at the platform's page"
	hintPlatformIP      = "the address that this machine calls from is not in the third-party platform's white list at open.weixin.qq.com"
	hintComponentSecret = "the component's app secret is wrong or was reset at open.weixin.qq.com"
	hintComponentAppID  = "the app_id of the component is not that of a third-party platform, or not of the one whose token it is"
	hintOtherToken      = "the call wants the other token: that of the component, or that of the account"
)

// ofComponents stands in the place of codes where a component calls for itself: with its own token, which can be had again, and
// under its own white list.
var ofComponents = map[int]rule{
	40125: {reaction: Setup, account: true, hint: hintComponentSecret},
	42006: {reaction: Credential, hint: "the component_access_token has expired"},
	61004: {reaction: Setup, namesIP: true, hint: hintPlatformIP},
}

// componentCalls are the calls that a component makes for itself.
var componentCalls = map[string]bool{
	APIStartPush: true, APIComponentToken: true, APIPreAuthCode: true, APIQueryAuth: true, APIAuthorizerToken: true,
	APIAuthorizerInfo: true, APIAuthorizerList: true, APIComponentLogin: true, APIComponentWebLogin: true,
}

// codes says what to do about each errcode that is known. Sources: WeChat's
// pages on card errors, access_token and getticket, and its list of return
// codes; where these disagree, what operators report.
var codes = map[int]rule{
	// The access_token. On the calls that fetch one these mean a wrong secret.
	40001: {reaction: Credential, hint: "the access_token is not the latest one: does something else fetch tokens for this app_id?"},
	40014: {reaction: Credential, hint: "the access_token is malformed or another account's"},
	42001: {reaction: Credential, hint: "the access_token has expired"},
	41001: {reaction: Setup, hint: "the access_token did not reach WeChat: does a proxy cut the query?"},

	// Quotas.
	45009: {reaction: Quota, account: true, wait: 30 * time.Minute, hint: "the day's quota of this call is used up; it starts afresh at midnight +08:00, or at once with clear_quota (10 a month)"},
	45011: {reaction: Quota, account: true, wait: time.Minute, hint: "too many calls a minute"},
	45040: {reaction: Quota, account: true, wait: 30 * time.Minute, hint: "the month's quota of this call is used up"},

	// Set-up of the account.
	40002: {reaction: Setup, hint: "WeChat does not know this grant_type: is api really WeChat?"},
	40013: {reaction: Setup, account: true, hint: "WeChat does not know this app_id"},
	40125: {reaction: Setup, account: true, hint: hintSecret},
	40243: {reaction: Setup, account: true, hint: "the app secret is frozen; unfreeze it at mp.weixin.qq.com, which takes ten minutes"},
	41002: {reaction: Setup, hint: "app_id is missing"},
	41004: {reaction: Setup, hint: "the app secret is missing"},
	43009: {reaction: Setup, hint: hintNoRight},
	43010: {reaction: Setup, hint: hintNoRight},
	43011: {reaction: Setup, hint: hintNoRight},
	43012: {reaction: Setup, hint: hintNoRight},
	45160: {reaction: Setup, hint: "the official account's category does not allow it to make such cards"},
	48001: {reaction: Setup, account: true, hint: hintNoRight},
	48004: {reaction: Setup, account: true, hint: hintFrozen},
	48006: {reaction: Setup, hint: "the ten clear_quota of this month are used up"},
	50001: {reaction: Setup, account: true, hint: hintNoRight},
	50002: {reaction: Setup, account: true, hint: hintFrozen},
	50004: {reaction: Setup, account: true, hint: "WeChat forbids this account to use access_token"},
	50007: {reaction: Setup, account: true, hint: hintFrozen},
	72016: {reaction: Setup, hint: "the official account may not make member cards"},
	72021: {reaction: Setup, hint: "the official account may not make such cards"},
	42006: {reaction: Setup, hint: hintThird},
	61003: {reaction: Setup, hint: hintThird},
	61007: {reaction: Setup, hint: hintThird},

	// Third-party platforms.
	40091: {reaction: Setup, hint: hintVerifyTicket},
	40094: {reaction: Setup, hint: hintComponentAppID},
	41018: {reaction: Setup, hint: "component_appid did not reach WeChat: does a proxy change the request?"},
	42002: {reaction: Setup, hint: hintScan},
	42007: {reaction: Setup, hint: hintScan},
	61005: {reaction: Setup, hint: hintVerifyTicket},
	61006: {reaction: Setup, hint: hintVerifyTicket},
	61009: {reaction: Refused, hint: hintAuthCode},
	61010: {reaction: Refused, hint: hintAuthCode},
	61011: {reaction: Setup, hint: hintComponentAppID},
	61014: {reaction: Setup, hint: hintOtherToken},
	61015: {reaction: Setup, hint: hintOtherToken},
	61023: {reaction: Setup, hint: hintScan},

	// Set-up of this machine. 61004 and 45035 are other codes for 40164.
	40164: {reaction: Setup, namesIP: true, hint: hintIP},
	45035: {reaction: Setup, namesIP: true, hint: hintIP},
	61004: {reaction: Setup, namesIP: true, hint: hintIP},
	89501: {reaction: Setup, namesIP: true, hint: hintConfirm},
	89502: {reaction: Setup, namesIP: true, hint: hintConfirm},
	89503: {reaction: Setup, namesIP: true, hint: hintConfirm},
	89504: {reaction: Setup, namesIP: true, hint: hintConfirm},
	89505: {reaction: Setup, namesIP: true, hint: hintConfirm},
	89506: {reaction: Setup, namesIP: true, wait: 24 * time.Hour, hint: "the official account's administrator refused this machine's address; WeChat asks again after 24 hours"},
	89507: {reaction: Setup, namesIP: true, wait: time.Hour, hint: "the official account's administrator refused this machine's address; WeChat asks again after an hour"},

	// API 安全, of mini programs.
	40230:  {reaction: Setup, hint: "WeChat wants the number of the private key with calls that are sealed: set send_number"},
	40231:  {reaction: Setup, hint: hintMissing},
	40232:  {reaction: Setup, hint: hintMissing},
	40233:  {reaction: Setup, hint: hintMissing},
	40234:  {reaction: Setup, hint: "the signature of a sealed call is wrong: is the public key in the mini program's console, under API 安全, that of our private key, and does no proxy change the body?"},
	40235:  {reaction: Setup, hint: "WeChat cannot decrypt a sealed call: are the symmetric key and its number those of the mini program's console, under API 安全?"},
	40236:  {reaction: Setup, hint: hintSealed},
	40237:  {reaction: Setup, hint: hintSealed},
	40238:  {reaction: Setup, hint: "the mini program's console has no symmetric key yet, under API 安全"},
	40239:  {reaction: Setup, hint: "the mini program's console has no public key of ours yet, under API 安全"},
	40240:  {reaction: Setup, hint: "a sealed call was too old when it reached WeChat: is this machine's clock right?"},
	934011: {reaction: Setup, hint: "WeChat takes this call sealed only: relay wants secure for it, and the path among those that it seals"},

	// The way to WeChat.
	48017: {reaction: Transient, hint: "the name of the api host still leads to an address that WeChat has retired"},
	40033: {reaction: Setup, hint: hintMangled},
	43002: {reaction: Setup, hint: hintMangled},
	43003: {reaction: Setup, hint: "WeChat wants https: check api"},
	44002: {reaction: Setup, hint: hintMangled},
	47001: {reaction: Setup, hint: hintMangled},
	47002: {reaction: Setup, hint: hintMangled},

	// What was asked: the user.
	40003: {reaction: Refused, hint: "the openid is not one of this official account"},
	40029: {reaction: Refused, hint: "the js_code is wrong or was used before"},
	40163: {reaction: Refused, hint: "the js_code was used before"},
	42003: {reaction: Refused, hint: hintWebCode},
	40226: {reaction: Refused, hint: "WeChat holds this user for a risk"},

	// What was asked: the card.
	40009:   {reaction: Refused},
	40053:   {reaction: Refused},
	40071:   {reaction: Refused, hint: "this cannot be done with a card of this type"},
	40072:   {reaction: Refused},
	40073:   {reaction: Refused, hint: hintCardID},
	40078:   {reaction: Refused, hint: "the card's state does not allow this: is it still in review?"},
	40079:   {reaction: Refused},
	40080:   {reaction: Refused},
	40084:   {reaction: Refused},
	40085:   {reaction: Refused},
	40100:   {reaction: Refused},
	40107:   {reaction: Refused},
	40122:   {reaction: Refused},
	40124:   {reaction: Refused},
	40136:   {reaction: Refused},
	40145:   {reaction: Refused},
	40158:   {reaction: Refused, hint: hintCustom},
	40165:   {reaction: Refused},
	40166:   {reaction: Refused},
	40168:   {reaction: Refused, hint: "the mini program is not linked to the official account"},
	40179:   {reaction: Refused, hint: "WeChat has withdrawn this function"},
	41011:   {reaction: Refused},
	41012:   {reaction: Refused, hint: "card_id is missing"},
	45021:   {reaction: Refused, hint: "a field is too long"},
	45030:   {reaction: Refused, hint: hintActivate},
	45031:   {reaction: Refused, hint: hintStock},
	45033:   {reaction: Refused, hint: hintStock},
	45041:   {reaction: Refused, hint: hintStock},
	72003:   {reaction: Refused, hint: "this can only be done with a member card"},
	72026:   {reaction: Refused, hint: hintActivate},
	9001001: {reaction: Refused},

	// What was asked: the code.
	40056: {reaction: Refused, hint: hintCode},
	40075: {reaction: Refused, hint: "the encrypted code is damaged: was it decoded once too often, or a + turned into a blank?"},
	40099: {reaction: Refused, hint: "the code has been consumed before"},
	40109: {reaction: Refused, hint: "more than 100 codes"},
	40110: {reaction: Refused, hint: "no codes"},
	40111: {reaction: Refused, hint: "a code twice"},
	40116: {reaction: Refused, hint: hintCode},
	40127: {reaction: Refused, hint: "the user has deleted the card or given it away, or it has ended"},
	40146: {reaction: Refused},
	40147: {reaction: Refused},
	41013: {reaction: Refused, hint: "the code is missing"},
	72011: {reaction: Refused, hint: "the activate_ticket is another account's; app_id must be that of the account that created the card"},
	72012: {reaction: Refused, hint: "the activate_ticket has expired"},
}
