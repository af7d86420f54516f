'use strict'
// Uses two WeChat SDKs from npm all the time, as they come, until its standard input ends. Then it prints as JSON what it did
// and what went wrong. Usage: node sdk.js '{"appID", "secret", "phone", "gateway"}'
// phone: the sandbox, whose phone takes the cards that the SDKs sign.
// gateway: the base URL that the SDKs are told by their own settings. Without it they call https://api.weixin.qq.com.

const { promisify } = require('util')
const CoWechatAPI = require('co-wechat-api')
const WechatAPI = require('wechat-api')

const { appID, secret, phone, gateway } = JSON.parse(process.argv[2])

// Each gives a function that calls a method of its SDK.
const sdks = {
  // Its card calls go to https://api.weixin.qq.com whatever it is told.
  'co-wechat-api' () {
    const api = new CoWechatAPI(appID, secret)
    if (gateway) api.prefix = `${gateway}/cgi-bin/`
    const call = (name, ...args) => api[name](...args)
    call.token = async () => (await api.ensureAccessToken()).accessToken
    return call
  },
  'wechat-api' () {
    const api = new WechatAPI(appID, secret)
    if (gateway) api.endpoint = gateway
    const call = (name, ...args) => promisify(api[name]).call(api, ...args)
    call.token = async () => (await call('getLatestToken')).accessToken
    return call
  }
}

const menu = { button: [{ type: 'view', name: '领券', url: 'https://shop.example.com/?from=menu&n=1' }] }
const gift = {
  card_type: 'GIFT',
  gift: { base_info: { title: '一杯咖啡', color: 'Color010', sku: { quantity: 1000 } }, gift: '凭券换一杯' }
}

// One round of everything: tokens, tickets, cards and the menu. It throws at whatever is not as it should be.
async function round (call, seen) {
  seen.tokens.add(await call.token())

  const { card_id: cardID } = await call('createCard', gift)
  const { card } = await call('getCard', cardID)
  want(card.gift.base_info.title, gift.gift.base_info.title, 'title')
  await call('updateCardStock', cardID, 5)
  await call('getCards', 0, 10)

  const ext = await call('getCardExt', { card_id: cardID })
  const answer = await (await fetch(`${phone}/_sandbox/phone/addCard`, {
    method: 'POST',
    body: JSON.stringify({ cardList: [{ cardId: cardID, cardExt: JSON.stringify(ext) }] })
  })).json()
  want(answer.errMsg, 'addCard:ok', answer.detail || 'the phone')
  const { code } = await call('decryptCode', answer.cardList[0].code)
  want((await call('getCode', code, cardID)).user_card_status, 'NORMAL', 'user_card_status')
  await call('consumeCode', code, cardID)
  await call('deleteCard', cardID)

  await call('createMenu', menu)
  want((await call('getMenu')).menu.button[0].url, menu.button[0].url, 'menu')
  seen.signatures.add((await call('getJsConfig', { url: 'https://shop.example.com/', jsApiList: ['addCard'] })).signature)
}

function want (got, wanted, what) {
  if (got !== wanted) throw new Error(`${what}: got ${got}, want ${wanted}`)
}

let ended = false
process.stdin.on('end', () => { ended = true }).resume()

async function use (name) {
  const call = sdks[name]()
  const seen = { rounds: 0, tokens: new Set(), signatures: new Set(), errors: [] }
  while (!ended) {
    try {
      await round(call, seen)
      seen.rounds++
    } catch (err) {
      seen.errors.push(`${err.name} ${err.code || ''}: ${err.message}`)
    }
    process.stdout.write(`${name}\n`) // one line a round
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { ...seen, tokens: seen.tokens.size, signatures: seen.signatures.size }
}

async function main () {
  const seen = {}
  await Promise.all(Object.keys(sdks).map(async (name) => { seen[name] = await use(name) }))
  await sdks['co-wechat-api']()('removeMenu')
  process.stdout.write(JSON.stringify(seen) + '\n', () => process.exit()) // kept connections would hold it
}
main()
