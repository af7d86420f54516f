// Cards on an H5 page in WeChat, by the answers of a gateway: github.com/caddy-wechat-card/caddy-wechat-card.
// Copy this file and messages.js; the page loads WeChat's JS-SDK before. Answers go to WeChat as they came: there is nothing to
// sign here.

import { messageOf } from './messages.js'

/** A request that is told to come again within this many seconds does so by itself, once. */
const longestWait = 5

let gateway = '/wechat'
let language = navigator.language.startsWith('zh') ? 'zh' : 'en'

/** Says where the gateway is, if not below /wechat of this site, and which language its user reads. */
export function configure (options) {
  gateway = (options.gateway ?? gateway).replace(/\/+$/, '')
  language = options.language ?? language
}

/**
 * Why something did not work. Its message is for the user, the rest for you: reason (one of messages.js), detail (what the
 * gateway or the phone said), errcode (WeChat's, if it refused), retryAfter (seconds).
 */
function problem (reason, detail, further = {}) {
  return Object.assign(new Error(messageOf(language, reason)), { reason, detail, ...further })
}

/** Explains an errMsg of the JS-SDK. */
function problemOfPhone (errMsg = '') {
  const known = [
    [/cancel/, 'cancelled'],
    [/签名错误/, 'phone_signature'],
    [/参数错误/, 'phone_parameter'],
    [/已领完/, 'sold_out'],
    [/审核中/, 'in_review'],
    [/^config:|permission|offline verifying/, 'config_refused'],
    [/not exist|not support/, 'unsupported'],
  ]
  const found = known.find(([pattern]) => pattern.test(errMsg))
  return problem(found ? found[1] : 'phone_refused', errMsg)
}

/** Asks the gateway, and once more when it says that this will soon be worth while. */
async function ask (route, data, isExpected) {
  let answer = await request(route, data)
  let wait = retryAfter(answer)
  if (wait <= longestWait) {
    await new Promise((resolve) => setTimeout(resolve, wait * 1000))
    answer = await request(route, data)
    wait = retryAfter(answer)
  }
  const said = await answer.json().catch(() => null)
  if (answer.ok && isExpected(said)) return said
  if (answer.ok || typeof said?.reason !== 'string') throw problem('unexpected_answer', `status ${answer.status}`)
  throw problem(said.reason, [said.detail, said.hint, said.errmsg].filter(Boolean).join('; '), {
    ...(said.errcode && { errcode: said.errcode }),
    ...(wait && { retryAfter: wait }),
  })
}

function request (route, data) {
  const header = { 'Content-Type': 'application/json', 'Accept-Language': language === 'zh' ? 'zh-CN' : 'en' }
  return fetch(gateway + route, { method: 'POST', headers: header, body: JSON.stringify(data), cache: 'no-store' })
    .catch((err) => { throw problem('network', String(err)) })
}

/** The seconds after which a 503 wants the request again, or undefined. */
function retryAfter (answer) {
  const seconds = answer.status === 503 ? Number(answer.headers.get('Retry-After')) : 0
  return seconds > 0 ? seconds : undefined
}

/** Makes one call of the JS-SDK. */
const call = (name, parameter) => new Promise((resolve, reject) => {
  if (typeof wx[name] !== 'function') return reject(problem('unsupported', `there is no wx.${name}`))
  const refuse = (res) => reject(problemOfPhone(res?.errMsg))
  wx[name]({
    ...parameter,
    success: resolve,
    fail: refuse,
    cancel: () => refuse({ errMsg: `${name}:cancel` }),
  })
})

/**
 * The address under which the page was opened, if nothing has changed it before this file ran: import it before your router. On
 * iOS, WeChat holds to that one whatever pushState has made of the address since; on Android it goes by the present one.
 */
const landing = withoutFragment(location.href)

let signsLanding = false // it is the one that WeChat took
let configured

/**
 * Has the page let into the JS-SDK (wx.config). Call it when the page has loaded: the address is signed, so a page that changes
 * its address by pushState calls it again.
 */
export function config () {
  const trial = configured = configureSDK()
  trial.catch(() => { if (configured === trial) configured = undefined }) // so that the next call tries again
  return trial
}

async function configureSDK () {
  if (typeof wx === 'undefined' || !/MicroMessenger/i.test(navigator.userAgent)) throw problem('unsupported', 'this is not WeChat')
  const present = withoutFragment(location.href)
  const [first, other] = signsLanding ? [landing, present] : [present, landing]
  try {
    await configureFor(first)
  } catch (err) {
    if (first === other || !/invalid signature/i.test(err.detail)) throw err
    await configureFor(other) // once: with this one wrong too, it is not the address
    signsLanding = other === landing
  }
}

/** How long the SDK has to say no to a second wx.config, in milliseconds: only of the first one does it say yes. */
const longestNo = 1500

let refuse // takes what wx.error says of the latest wx.config

async function configureFor (url) {
  const parameter = await ask('/jsConfig', { url }, (answer) => Boolean(answer?.signature))
  await new Promise((resolve, reject) => {
    const isFirst = !refuse
    refuse = (res) => reject(problemOfPhone(res.errMsg))
    if (isFirst) {
      wx.error((res) => refuse(res)) // before ready, which comes in either case; old SDKs take one listener for good
      wx.ready(resolve)
    } else {
      setTimeout(resolve, longestNo)
    }
    wx.config(parameter)
  })
}

function withoutFragment (address) {
  return address.split('#')[0]
}

const hasCardList = (answer) => Array.isArray(answer?.cardList)

/**
 * Adds cards to the user's wallet (wx.addCard): those of the route, or those that are asked for, as {card_id, outer_str, …}.
 * Gives what wx.addCard gave. Of several cards, some may have isSuccess false; if all have, that is a problem.
 */
export async function addCard (asked = {}) {
  await (configured ?? config())
  const added = await call('addCard', await ask('/addCard', asked, hasCardList))
  if (hasCardList(added) && added.cardList.every((card) => card.isSuccess === false)) throw problem('not_added', added.errMsg)
  return added
}

/** Shows cards of the user's (wx.openCard). Takes the cardList of addCard or chooseCard as it is; the gateway decrypts codes. */
export async function openCard (cardList) {
  await (configured ?? config())
  return call('openCard', await ask('/openCard', { cardList }, hasCardList))
}

/** Lets the user choose among his cards (wx.chooseCard): asked as {card_id, card_type, shop_id}. Gives what wx.chooseCard gave. */
export async function chooseCard (asked = {}) {
  await (configured ?? config())
  const chosen = await call('chooseCard', await ask('/chooseCard', asked, (answer) => Boolean(answer?.cardSign)))
  const { cardList } = chosen // a string that holds a list
  if (!cardList || cardList.length === 0 || cardList === '[]') throw problem('nothing_chosen', chosen.errMsg)
  return chosen
}
