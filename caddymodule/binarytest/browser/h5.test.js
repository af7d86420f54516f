// Opens the page of examples/h5 in Chromium, with a stand-in for WeChat's JS-SDK that checks what it is given and uses the
// sandbox's phone. In the environment: SITE, where the page is; SANDBOX; TICKETS, which answers with the account's app_id,
// api_ticket and jsapi_ticket, separated by blanks.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { chromium } from 'playwright-core'

const { CHROMIUM, SITE, SANDBOX, TICKETS } = process.env
const coupon = 'pSandboxCoupon00000000000001'
const sha1 = (text) => createHash('sha1').update(text).digest('hex')

async function post (url, body) {
  const res = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { connection: 'close' } })
  return res.json()
}

/** What a user is called in the account, by the way that mini programs go. */
let logins = 0
async function openIDOf (user) {
  const [appID] = (await (await fetch(TICKETS)).text()).split(' ')
  const asked = new URLSearchParams({ appid: appID, secret: 's', js_code: `${user}.h5${++logins}`, grant_type: 'authorization_code' })
  const res = await fetch(`${SANDBOX}/sns/jscode2session?${asked}`, { headers: { connection: 'close' } })
  return (await res.json()).openid
}

/**
 * What runs in the page in the place of WeChat's JS-SDK; the client is in this process. As in WeChat's, ready comes after the first
 * wx.config, refused or not, and at once from then on; and the first listener for errors stays.
 */
function sdk () {
  let allowed = []
  let isDone = false
  const whenReady = []
  let whenWrong
  const use = (name) => async ({ success, fail, cancel, ...parameter }) => {
    const res = allowed.includes(name) ? await window.client(name, parameter) : { errMsg: `${name}:permission denied` }
    if (/:ok$/.test(res.errMsg)) success(res)
    else if (/:cancel$/.test(res.errMsg)) cancel(res)
    else fail({ errMsg: res.errMsg })
  }
  window.wx = {
    ready: (run) => { if (isDone) run(); else whenReady.push(run) },
    error: (run) => { whenWrong ??= run },
    config: async (parameter) => {
      const res = await window.client('config', { ...parameter, page: location.href.split('#')[0] })
      isDone = true
      if (res.errMsg === 'config:ok') allowed = parameter.jsApiList
      else whenWrong?.(res)
      for (const run of whenReady.splice(0)) run()
    },
    addCard: use('addCard'),
    openCard: use('openCard'),
    chooseCard: use('chooseCard')
  }
}

/** The client: it checks signatures as WeChat does. */
function newClient () {
  const client = {
    seen: [],
    answers: {},
    wallet: [],
    landing: undefined, // the address that the client holds to, on iOS
    async run (name, parameter) {
      client.seen.push({ name, parameter })
      if (client.answers[name]) return client.answers[name]
      const [appID, apiTicket, jsapiTicket] = (await (await fetch(TICKETS)).text()).split(' ')
      switch (name) {
        case 'config': {
          const { appId, nonceStr, timestamp, signature, page } = parameter
          const want = sha1(`jsapi_ticket=${jsapiTicket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${client.landing ?? page}`)
          return { errMsg: appId === appID && signature === want ? 'config:ok' : 'config:invalid signature' }
        }
        case 'chooseCard': {
          const { shopId, cardType, cardId, timestamp, nonceStr, signType, cardSign } = parameter
          const values = [apiTicket, appID, shopId, timestamp, nonceStr, cardId, cardType].sort()
          const good = signType === 'SHA1' && cardSign === sha1(values.join(''))
          const found = good ? client.wallet.filter((card) => !cardId || card.cardId === cardId) : [] // a wrong one finds nothing
          const list = found.map((card) => ({ card_id: card.cardId, encrypt_code: card.code }))
          return { errMsg: 'chooseCard:ok', cardList: JSON.stringify(list) }
        }
        default: {
          const res = await post(`${SANDBOX}/_sandbox/phone/${name}`, parameter)
          if (name === 'addCard' && res.cardList) client.wallet.push(...res.cardList)
          return res
        }
      }
    }
  }
  return client
}

let browser
test.before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
})
test.after(() => browser?.close())

const address = '/?from=menu&n=1&shop=%E5%8C%97%E4%BA%AC+a%20b#top'
const inWeChat = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.60'

/** Opens the page for a test, and gives it with its client. */
async function open (t, { url = address, userAgent = inWeChat, locale = 'zh-CN', client = newClient() } = {}) {
  const context = await browser.newContext({ userAgent, locale, viewport: { width: 390, height: 844 } })
  t.after(() => context.close())
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', (err) => faults.push(String(err)))
  await page.exposeFunction('client', client.run)
  await page.route((to) => to.origin !== SITE, (route) => {
    if (route.request().url().startsWith('https://res.wx.qq.com/')) {
      return route.fulfill({ contentType: 'text/javascript', body: `(${sdk})()` })
    }
    faults.push(`the page asks for ${route.request().url()}`)
    return route.abort()
  })
  t.after(() => assert.deepEqual(faults, []))
  await page.goto(SITE + url)
  await page.waitForSelector('#add:enabled')
  return { page, client }
}

const note = (page) => page.textContent('#note')

async function click (page, id) {
  await page.click(`#${id}`)
  await page.waitForSelector('#add:enabled')
  return note(page)
}

test('the address is signed as it is', async (t) => {
  for (const url of ['/', address, '/index.html?a=1&a=2&url=http%3A%2F%2Fa', '/?', '/#/cards/1?x=2']) {
    await t.test(url, async (t) => {
      const { page, client } = await open(t, { url })
      assert.equal(await note(page), '')
      assert.deepEqual(client.seen.map(({ name }) => name), ['config'])
      assert.deepEqual(client.seen[0].parameter.jsApiList, ['addCard', 'openCard', 'chooseCard'])
    })
  }
})

test('a card is added, opened and chosen', async (t) => {
  const { page, client } = await open(t)
  assert.equal(await page.isVisible('#open'), false)
  assert.equal(await click(page, 'add'), '已放入卡包')
  const added = client.seen.at(-1)
  assert.equal(added.name, 'addCard')
  assert.equal(typeof added.parameter.cardList[0].cardExt, 'string')
  const ext = JSON.parse(added.parameter.cardList[0].cardExt)
  assert.equal(ext.outer_str, 'h5')
  assert.equal(ext.openid, await openIDOf('demo'))
  assert.equal(await click(page, 'open'), '')
  const opened = client.seen.at(-1)
  assert.deepEqual([opened.name, opened.parameter.cardList[0].cardId], ['openCard', coupon])

  assert.equal(await click(page, 'add'), '已放入卡包', 'a second card has a cardExt of its own')
  assert.equal(await click(page, 'choose'), '已选择')
  assert.equal(await click(page, 'open'), '')
  assert.equal(client.seen.at(-1).parameter.cardList.length, 2)
})

test('each visitor gets a card of his own, without a backend', async (t) => {
  t.after(() => post(`${SANDBOX}/_sandbox/oauth`, {}))
  for (const user of ['alice', 'bob']) {
    await post(`${SANDBOX}/_sandbox/oauth`, { user, double: true }) // WeChat's client may open the callback twice
    const { page, client } = await open(t)
    assert.equal(page.url(), SITE + address.split('#')[0]) // no server is told of a fragment
    assert.equal(await click(page, 'add'), '已放入卡包')
    const added = client.seen.at(-1).parameter
    const { openid } = JSON.parse(added.cardList[0].cardExt)
    assert.equal(openid, await openIDOf(user))
    const stranger = await post(`${SANDBOX}/_sandbox/phone/addCard?openid=${await openIDOf('eve')}`, added)
    assert.match(stranger.errMsg, /:fail/, 'nobody else can add it')
  }
})

test('a session that is over begins anew, where the visitor was', async (t) => {
  const { page } = await open(t)
  await page.context().clearCookies()
  await page.evaluate(() => history.replaceState({}, '', '/?from=menu#top'))
  const back = page.waitForNavigation()
  await page.click('#add')
  await back
  await page.waitForSelector('#add:enabled')
  assert.equal(page.url(), SITE + '/?from=menu#top')
  assert.equal(await click(page, 'add'), '已放入卡包')
})

test('what goes wrong is said in words', async (t) => {
  const { page, client } = await open(t)
  const addCard = (answer) => () => page.route('**/addCard', answer)
  const busy = { status: 503, contentType: 'application/problem+json', body: '{"status":503,"reason":"busy","detail":"d"}' }
  for (const [name, { prepare = () => {}, answers = {}, id = 'add' }, want] of [
    ['cancelled', { answers: { addCard: { errMsg: 'addCard:cancel' } } }, ''],
    ['signature', { answers: { addCard: { errMsg: 'addCard:fail 签名错误' } } }, '领取失败，请联系商家（签名错误）'],
    ['sold out', { answers: { addCard: { errMsg: 'addCard:fail 已领完' } } }, '已领完'],
    ['none added', { answers: { addCard: { errMsg: 'addCard:ok', cardList: [{ cardId: coupon, isSuccess: false }] } } }, '没有领取成功，请重试'],
    ['permission', { answers: { addCard: { errMsg: 'addCard:permission denied' } } }, '页面还没有配置好，请联系商家'],
    ['no card', { id: 'choose' }, '没有可以选择的卡券'],
    ['cancelled choice', { id: 'choose', answers: { chooseCard: { errMsg: 'chooseCard:cancel' } } }, ''],
    ['no network', { prepare: addCard((route) => route.abort()) }, '网络异常，请检查网络后重试'],
    ['busy for a minute', { prepare: addCard((route) => route.fulfill({ ...busy, headers: { 'Retry-After': '60' } })) }, '当前人数较多，请稍后再试'],
    ['busy for a second', { prepare: () => page.route('**/addCard', (route) => route.fulfill({ ...busy, headers: { 'Retry-After': '1' } }), { times: 1 }) }, '已放入卡包'],
    ['a page', { prepare: addCard((route) => route.fulfill({ body: '<html>' })) }, '商家系统出了点问题，请稍后再试'],
    ['another card', { prepare: addCard((route) => route.continue({ postData: '{"card_id":"pOther"}' })) }, '这里不能领取这张卡券'],
    ['missing API', { prepare: () => page.evaluate(() => { delete window.wx.addCard }) }, '请在手机微信里打开；如已打开，请升级微信']
  ]) {
    await t.test(name, async () => {
      client.answers = answers
      await prepare()
      assert.equal(await click(page, id), want)
      await page.unroute('**/addCard')
    })
  }
})

test('a single-page application configures after pushState', async (t) => {
  const config = (page) => page.evaluate(async () => {
    const { config } = await import('/wechat-card.js')
    return config().then(() => 'ok', (err) => err.reason)
  })
  for (const [name, { landing, answers = {} }, want] of [
    // what config says, and how many calls of wx.config it takes, after each change of the address
    ['Android goes by the present address', {}, ['ok 1', 'ok 1']],
    ['iOS holds to the landing page', { landing: SITE + address.split('#')[0] }, ['ok 2', 'ok 1']],
    ['a wrong signature is tried once more', { answers: { config: { errMsg: 'config:invalid signature' } } }, ['config_refused 2', 'config_refused 2']],
    ['any other refusal is not', { answers: { config: { errMsg: 'config:invalid url domain' } } }, ['config_refused 1', 'config_refused 1']]
  ]) {
    await t.test(name, async (t) => {
      const { page, client } = await open(t)
      Object.assign(client, { landing, answers })
      const got = []
      for (const path of ['/cards/7?x=%E5%8C%97#a', '/cards/8']) {
        client.seen.length = 0
        await page.evaluate((path) => window.history.pushState({}, '', path), path)
        got.push(`${await config(page)} ${client.seen.length}`)
      }
      assert.deepEqual(got, want)
      if (want[0].startsWith('ok')) assert.equal(await click(page, 'add'), '已放入卡包')
    })
  }
})

test('a refused wx.config is said at once, and mended by the next tap', async (t) => {
  const client = newClient()
  client.answers.config = { errMsg: 'config:invalid signature' }
  const { page } = await open(t, { client })
  assert.equal(await note(page), '页面还没有配置好，请联系商家')
  delete client.answers.config
  assert.equal(await click(page, 'add'), '已放入卡包')
})

test('in another browser', async (t) => {
  const { page, client } = await open(t, { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0', locale: 'en-GB' })
  assert.equal(await note(page), 'Please open this in WeChat on a phone, and update WeChat if it is old.')
  assert.deepEqual(client.seen, [])
})
