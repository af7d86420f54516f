// Cards and member cards in a mini program, by the answers of a gateway: github.com/caddy-wechat-card/caddy-wechat-card.
// Copy this file and messages.ts; nothing else is needed. Answers go to WeChat as they came: there is nothing to sign here.

import { Language, messageOf } from './messages'

/** WeChat's member-card component (会员卡开卡组件). */
export const componentAppId = 'wxeb490c6f9b154ef9'

/** A request that is told to come again within this many seconds does so by itself, once. */
const longestWait = 5

let gateway = ''
let language: Language = 'zh'

/** Says where the gateway is: its routes are below this address. Call it first, in app.ts. */
export function configure(options: { gateway: string; language?: Language }): void {
  gateway = options.gateway.replace(/\/+$/, '')
  language = options.language ?? languageOfPhone()
}

function languageOfPhone(): Language {
  const spoken = typeof wx.getAppBaseInfo === 'function' ? wx.getAppBaseInfo().language : 'zh_CN'
  return String(spoken).startsWith('zh') ? 'zh' : 'en'
}

/** Why something did not work. Its message is for the user, everything else for you. */
export interface Problem extends Error {
  /** One of messages.ts: of the gateway's problem document, or of the phone. */
  reason: string
  /** What the gateway or the phone said, word for word. */
  detail: string
  /** WeChat's, if it was WeChat that refused. */
  errcode?: number
  /** The seconds after which it is worth while to try again. */
  retryAfter?: number
}

type Further = Partial<Pick<Problem, 'errcode' | 'retryAfter'>>

function problem(reason: string, detail: string, further: Further = {}): Problem {
  return Object.assign(new Error(messageOf(language, reason, further.errcode)), { reason, detail, ...further })
}

/** Explains an errMsg of wx.addCard, wx.openCard, wx.navigateToMiniProgram, or of a navigator's bindfail. */
export function problemOfPhone(errMsg: string): Problem {
  const known: [RegExp, string][] = [
    [/cancel|user deny/, 'cancelled'],
    [/签名错误/, 'phone_signature'],
    [/参数错误/, 'phone_parameter'],
    [/已领完/, 'sold_out'],
    [/审核中/, 'in_review'],
    [/TAP gesture/i, 'no_tap'],
    [/domain list/, 'domain_not_listed'],
  ]
  const found = known.find(([pattern]) => pattern.test(errMsg))
  return problem(found ? found[1] : /^request:/.test(errMsg) ? 'network' : 'phone_refused', errMsg)
}

type Answer = WechatMiniprogram.RequestSuccessCallbackResult

/** Asks the gateway, and once more when it says that this will soon be worth while. data may be what makes it, for each try anew. */
async function ask<T>(route: string, data: object | (() => Promise<object>), isExpected: (answer: any) => boolean): Promise<T> {
  const make = async () => (typeof data === 'function' ? data() : data)
  let answer = await request(route, await make())
  let wait = retryAfter(answer)
  if (wait !== undefined && wait <= longestWait) {
    await new Promise((resolve) => setTimeout(resolve, wait! * 1000))
    answer = await request(route, await make())
    wait = retryAfter(answer)
  }
  const said = parsed(answer.data)
  if (answer.statusCode >= 200 && answer.statusCode < 300) {
    if (isExpected(said)) return said as T
    throw problem('unexpected_answer', `status ${answer.statusCode}, and not what was asked for`)
  }
  const document = isObject(said) ? said : {}
  if (typeof document.reason !== 'string') throw problem('unexpected_answer', `status ${answer.statusCode}`)
  const detail = [document.detail, document.hint, document.errmsg].filter(Boolean).join('; ')
  throw problem(document.reason, detail, {
    ...(typeof document.errcode === 'number' && { errcode: document.errcode }),
    ...(wait !== undefined && { retryAfter: wait }),
  })
}

function request(route: string, data: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    wx.request({
      url: gateway + route,
      method: 'POST',
      data,
      header: { 'Content-Type': 'application/json', 'Accept-Language': language === 'zh' ? 'zh-CN' : 'en' },
      success: resolve,
      fail: ({ errMsg }) => reject(problemOfPhone(errMsg)),
    })
  })
}

/** The seconds after which a 503 wants the request again. Field names come in any letter case. */
function retryAfter({ statusCode, header }: Answer): number | undefined {
  if (statusCode !== 503) return undefined
  const name = Object.keys(header ?? {}).find((key) => key.toLowerCase() === 'retry-after')
  const seconds = name === undefined ? NaN : Number(header[name])
  return seconds > 0 ? seconds : undefined
}

/** What wx.request did not take for JSON, as some clients do with application/problem+json. */
function parsed(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What may be asked of the gateway's add_card; its route says what is allowed. */
export interface AddCardRequest {
  card_id?: string | string[]
  outer_str?: string
  code?: string
  openid?: string
  fixed_begintimestamp?: string
}

/**
 * Adds cards to the user's wallet (wx.addCard): those of the route, or those that are asked for.
 * Gives what wx.addCard gave. Of several cards, some may have isSuccess false; if all have, that is a Problem.
 */
export function addCard(asked: AddCardRequest = {}): Promise<WechatMiniprogram.AddCardSuccessCallbackResult> {
  return add('/addCard', async () => asked)
}

/**
 * Adds a card that is this user's alone: like addCard, but of the route myCard, where the gateway asks WeChat who the user is
 * (wx.login) before it signs.
 */
export function addMyCard(asked: Omit<AddCardRequest, 'openid'> = {}): Promise<WechatMiniprogram.AddCardSuccessCallbackResult> {
  return add('/myCard', async () => ({ ...asked, js_code: await login() }))
}

async function add(route: string, asked: () => Promise<object>): Promise<WechatMiniprogram.AddCardSuccessCallbackResult> {
  if (typeof wx.addCard !== 'function') throw problem('unsupported', 'there is no wx.addCard')
  const parameter = await ask<WechatMiniprogram.AddCardOption>(route, asked, hasCardList)
  const added = await new Promise<WechatMiniprogram.AddCardSuccessCallbackResult>((resolve, reject) => {
    wx.addCard({ ...parameter, success: resolve, fail: ({ errMsg }) => reject(problemOfPhone(errMsg)) })
  })
  if (added.cardList.every((card) => card.isSuccess === false)) throw problem('not_added', added.errMsg)
  return added
}

/** A js_code, which tells the gateway who the user is. It works once. */
function login(): Promise<string> {
  return new Promise((resolve, reject) => {
    wx.login({ success: ({ code }) => resolve(code), fail: ({ errMsg }) => reject(problemOfPhone(errMsg)) })
  })
}

/**
 * Hands the user's phone number to the backend: pass on what a <button open-type="getPhoneNumber"> gave (its event's detail), in
 * its handler. The gateway has WeChat say the number, so that nobody can make one up. Gives the backend's answer.
 */
export async function join(given: { errMsg: string; code?: string }): Promise<unknown> {
  if (!/:ok$/.test(given.errMsg)) throw problemOfPhone(given.errMsg)
  if (!given.code) throw problem('unsupported', 'this client gives no code for a phone number')
  return ask<unknown>('/join', async () => ({ phone_code: given.code, js_code: await login() }), () => true)
}

/** Shows cards of the user's (wx.openCard). Takes the cardList that addCard gave, as it is; the gateway decrypts the codes. */
export async function openCard(cardList: WechatMiniprogram.AddCardResponseInfo[]): Promise<void> {
  if (typeof wx.openCard !== 'function') throw problem('unsupported', 'there is no wx.openCard')
  const parameter = await ask<WechatMiniprogram.OpenCardOption>('/openCard', { cardList }, hasCardList)
  await new Promise<unknown>((resolve, reject) => {
    wx.openCard({ ...parameter, success: resolve, fail: ({ errMsg }) => reject(problemOfPhone(errMsg)) })
  })
}

const hasCardList = (answer: any) => Array.isArray(answer?.cardList)

/** Parameters of the component: for a navigator's app-id and extra-data, or for openMemberCard. */
export interface MemberCardComponent {
  appId: string
  extraData: { encrypt_card_id: string; outer_str: string; biz: string }
}

/**
 * Fetches the component's parameters. Do this when the page is shown, not when the user taps: WeChat refuses to open another
 * mini program when a request has come between.
 */
export function prepareMemberCard(asked: { card_id?: string; outer_str?: string } = {}): Promise<MemberCardComponent> {
  return ask('/memberCard', asked, (answer) => Boolean(answer?.appId && answer.extraData))
}

/**
 * Opens the component (wx.navigateToMiniProgram) with what prepareMemberCard gave. Call it in the handler of the tap itself.
 * WeChat prefers <navigator target="miniProgram">, so use that where you can: see pages/index/index.wxml.
 */
export function openMemberCard(component: MemberCardComponent | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!component) return reject(problem('not_ready', 'prepareMemberCard has not ended yet'))
    if (typeof wx.navigateToMiniProgram !== 'function') return reject(problem('unsupported', 'there is no wx.navigateToMiniProgram'))
    wx.navigateToMiniProgram({
      ...component,
      success: () => resolve(),
      fail: ({ errMsg }) => reject(problemOfPhone(errMsg)),
    })
  })
}

export type Returned =
  /** The mini program was opened in another way. */
  | { state: 'elsewhere' }
  /** The user came back without a form: he turned back, or his card is active already. */
  | { state: 'not_activated' }
  /** The gateway and the backend have what he filled in. repeated: this was said before. answer: the backend's. */
  | { state: 'activated'; cardId: string; code: string; answer: unknown; repeated: boolean }

/** Activations that are under way or done, by activate_ticket. */
const activations = new Map<string, Promise<unknown>>()

/**
 * Takes what App.onShow gets, each time. WeChat gives the same again when the mini program is shown again, so one
 * activate_ticket makes one request, unless that failed: then it is tried again.
 */
export async function onReturn({ referrerInfo }: { referrerInfo?: { appId?: string; extraData?: any } }): Promise<Returned> {
  if (referrerInfo?.appId !== componentAppId) return { state: 'elsewhere' }
  const extra = referrerInfo.extraData
  if (!extra?.activate_ticket) return { state: 'not_activated' }
  const ticket = String(extra.activate_ticket)
  const before = activations.get(ticket)
  const activation = before ?? ask<unknown>('/activation', extra, () => true)
  activations.set(ticket, activation)
  try {
    const answer = await activation
    return { state: 'activated', cardId: extra.card_id, code: extra.code, answer, repeated: before !== undefined }
  } catch (err) {
    activations.delete(ticket)
    throw err
  }
}
