// What users read when something goes wrong, by reason: Chinese and English.

export type Language = 'zh' | 'en'

/** Reasons in problem documents of the gateway: the table in its README, "Errors". */
const ofGateway: Record<string, [zh: string, en: string]> = {
  invalid_request: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  card_not_allowed: ['这里不能领取这张卡券', 'This card is not handed out here.'],
  field_not_allowed: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  origin_not_allowed: ['请从商家的页面领取', 'Please open this on the shop’s own page.'],
  path_not_allowed: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  client_not_allowed: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  signature_invalid: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  state_invalid: ['登录已失效，请重新打开页面', 'This login is no longer good. Please open the page again.'],
  login_refused: ['没有登录，请重试并同意授权', 'You are not signed in. Please try again and agree.'],
  login_required: ['请先登录', 'Please sign in first.'],
  snapshot_user: ['请先点击“使用完整服务”', 'Please open the full page (使用完整服务) first.'],
  value_missing: ['缺少领取所需的信息，请登录后再试', 'Something about you is missing. Please sign in and try again.'],
  value_invalid: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  account_unknown: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  method_not_allowed: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  length_required: ['提交的内容过多，请减少后重试', 'That was too much at once. Please try with less.'],
  body_too_large: ['提交的内容过多，请减少后重试', 'That was too much at once. Please try with less.'],
  unsupported_media_type: ['页面出了点问题，请联系商家', 'Something is wrong with this page. Please tell the shop.'],
  wechat_rejected: ['微信拒绝了这次操作，请联系商家', 'WeChat did not accept this. Please tell the shop.'],
  wechat_error: ['卡券功能暂时不可用，请联系商家', 'Cards do not work at the moment. Please tell the shop.'],
  backend_failed: ['商家系统出了点问题，请稍后再试', 'The shop’s system has a problem. Please try again later.'],
  credential_unavailable: ['卡券功能暂时不可用，请稍后再试', 'Cards do not work at the moment. Please try again later.'],
  busy: ['当前人数较多，请稍后再试', 'Too many people are here right now. Please try again in a moment.'],
  wechat_timeout: ['微信响应超时，请重试', 'WeChat took too long to answer. Please try again.'],
}

/** Reasons that arise in the phone. */
const ofPhone: Record<string, [zh: string, en: string]> = {
  network: ['网络异常，请检查网络后重试', 'There is no connection. Please check it and try again.'],
  domain_not_listed: ['小程序还没有配置好，请联系商家', 'This mini program is not set up yet. Please tell the shop.'],
  unexpected_answer: ['商家系统出了点问题，请稍后再试', 'The shop’s system has a problem. Please try again later.'],
  unsupported: ['请在手机微信里打开；如已打开，请升级微信', 'Please open this in WeChat on a phone, and update WeChat if it is old.'],
  cancelled: ['已取消', 'Cancelled.'],
  not_added: ['没有领取成功，请重试', 'No card was added. Please try again.'],
  not_ready: ['正在准备，请稍候', 'Still getting ready. One moment, please.'],
  no_tap: ['请再点击一次', 'Please tap again.'],
  sold_out: ['已领完', 'None are left.'],
  in_review: ['卡券审核中，请稍后再来', 'WeChat is reviewing this card. Please come back later.'],
  phone_signature: ['领取失败，请联系商家（签名错误）', 'The card could not be added (签名错误). Please tell the shop.'],
  phone_parameter: ['领取失败，请联系商家（参数错误）', 'The card could not be added (参数错误). Please tell the shop.'],
  phone_refused: ['微信拒绝了这次操作，请重试', 'WeChat did not accept this. Please try again.'],
}

/** What the user himself can mend, by WeChat's errcode. */
const ofWeChat: Record<string, [zh: string, en: string]> = {
  72012: ['填写的资料已过期，请重新开卡', 'What you filled in has expired. Please open the card again.'],
}

export const messages = { ...ofGateway, ...ofPhone, ...ofWeChat }

/** Finds the words for a reason, or for an errcode that has some of its own. */
export function messageOf(language: Language, reason: string, errcode?: number): string {
  const found = ofWeChat[String(errcode)] ?? messages[reason] ?? ofPhone['phone_refused']!
  return found[language === 'zh' ? 0 : 1]
}
