'use strict'
// Runs the mini program against a gateway and the sandbox's phone: those of its Caddyfile, unless GATEWAY and SANDBOX say others.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const test = require('node:test')
const { launch, sources } = require('./wechat.js')

const built = path.resolve(process.env.BUILT ?? path.join(__dirname, '..', 'build'))
const gateway = process.env.GATEWAY ?? 'http://localhost:8080'
const sandbox = process.env.SANDBOX ?? 'http://localhost:8081'

const moved = (url) => url.replace(/^http:\/\/localhost:8080/, gateway)
const start = (options) => {
  const phone = launch({ built, sandbox, moved, ...options })
  phone.start()
  return phone
}

/** The module by itself, freshly set up. */
function helper (options) {
  const phone = launch({ built, sandbox, moved, ...options })
  const module = require(path.join(built, 'wechat-card.js'))
  module.configure({ gateway: 'http://localhost:8080/wechat/' })
  return { phone, ...module }
}

async function control (name, body = {}) {
  const res = await fetch(`${sandbox}/_sandbox/${name}`, { method: 'POST', body: JSON.stringify(body), headers: { connection: 'close' } })
  assert.equal(res.status, 200, await res.text())
}

const coupon = 'pSandboxCoupon00000000000001'
const member = 'pSandboxMember00000000000001'
const activations = (phone) => phone.requests.filter(({ url }) => url.endsWith('/activation')).length
const answer = (statusCode, data, header = {}) => ({ errMsg: 'request:ok', statusCode, data, header })
const refused = (reason) => (err) => {
  assert.equal(err.reason, reason, `${err.reason}: ${err.detail}`)
  assert.ok(err instanceof Error && err.message)
  return true
}

test('a coupon is added and opened', async () => {
  const phone = start()
  await phone.tap('onAddCard')
  assert.equal(phone.page().data.note, '已放入卡包')
  const [card] = phone.page().data.cardList
  assert.deepEqual([card.cardId, card.isSuccess], [coupon, true])
  assert.ok(card.code.length > 20, 'the code is encrypted')
  await phone.tap('onOpenCard')
  assert.equal(phone.page().data.note, '')
  assert.equal(phone.requests.at(-1).data.cardList[0].code, card.code)
})

test('two taps get one coupon', async () => {
  const phone = start()
  const page = phone.page()
  await Promise.all([phone.tap('onAddCard'), page.onAddCard()])
  assert.equal(phone.requests.filter(({ url }) => url.endsWith('/addCard')).length, 1)
})

test('a card of the user alone, by wx.login and without a backend', async () => {
  const phone = start()
  await phone.tap('onAddMyCard')
  assert.equal(phone.page().data.note, '您的专属券已放入卡包')
  const { data } = phone.requests.find(({ url }) => url.endsWith('/myCard'))
  const openid = await phone.openID()
  assert.equal(JSON.parse(phone.added.cardList[0].cardExt).openid, openid)
  await phone.tap('onOpenCard')
  assert.equal(phone.page().data.note, '')

  const other = start()
  await other.tap('onAddMyCard')
  assert.notEqual(await other.openID(), openid)
  const stolen = await other.client('addCard', phone.added)
  assert.match(stolen.errMsg, /:fail/, 'nobody else can add it')
  const { addMyCard } = helper()
  wx.login = ({ success }) => success({ code: data.js_code })
  await assert.rejects(addMyCard(), (err) => refused('wechat_rejected')(err) && err.errcode === 40163, 'a js_code works once')
})

test('the phone number that the user gives reaches the backend', async () => {
  const phone = start()
  await phone.givePhoneNumber(false)
  assert.equal(phone.page().data.note, '')
  assert.equal(phone.requests.filter(({ url }) => url.endsWith('/join')).length, 0)
  await phone.givePhoneNumber()
  assert.equal(phone.page().data.note, '手机号已登记')
  assert.match(phone.page().data.phone, /^1\d{10}$/)
  const { join } = helper()
  await assert.rejects(join({ errMsg: 'getPhoneNumber:ok' }), refused('unsupported'), 'an old client gives no code')
  const { data } = phone.requests.find(({ url }) => url.endsWith('/join'))
  await assert.rejects(join({ errMsg: 'getPhoneNumber:ok', code: data.phone_code }), refused('wechat_rejected'), 'a code works once')
})

for (const way of ['navigator', 'onOpenMemberCard']) {
  test(`a member card by ${way}: form, back, activation`, async () => {
    const phone = start({ without: way === 'navigator' ? [] : ['navigator.target.miniProgram'] })
    await phone.until((data) => data.component, 'ready')
    const asked = phone.requests.length
    await phone.tap(way)
    assert.equal(phone.requests.length, asked, 'nothing is asked between the tap and the component')
    assert.equal(phone.away.extraData.outer_str, 'miniprogram')

    const options = await phone.submit({ USER_FORM_INFO_FLAG_MOBILE: '13800138000' })
    phone.show(options)
    await phone.until((data) => data.note, 'active')
    assert.equal(phone.page().data.note, '会员卡已激活')
    const { number } = phone.page().data
    assert.ok(number)
    phone.page().setData({ note: '', number: '' })
    phone.page().onShow() // back from another page
    await new Promise((resolve) => setTimeout(resolve, 50))
    phone.show(options) // much later
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(phone.page().data.note, '', 'that is said once')
    assert.equal(phone.page().data.number, number, 'what lasts is shown again')
    assert.equal(activations(phone), 1)
    const sent = phone.requests.find(({ url }) => url.endsWith('/activation')).data
    assert.deepEqual(sent, options.referrerInfo.extraData)

    await phone.tap(way)
    phone.show(await phone.submit())
    await phone.until((data) => /之前已经开过/.test(data.note), 'told that no card is new')
    phone.page().setData({ note: '' })
    phone.show({ referrerInfo: { appId: 'wxeb490c6f9b154ef9' } })
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(phone.page().data.note, '', 'that is said once')
  })
}

test('a navigator that fails makes way for the API', async () => {
  const phone = start()
  await phone.until((data) => data.component, 'ready')
  phone.refuseNavigator = 'cancel'
  await phone.tap('navigator')
  assert.equal(phone.page().data.note, '')
  phone.refuseNavigator = 'invalid appid'
  await phone.tap('navigator')
  assert.ok(phone.page().data.note)
  await phone.tap('onOpenMemberCard')
  assert.ok(phone.away)
})

test('a tap before the parameters are there', async () => {
  const phone = start()
  await phone.tap('onOpenMemberCard')
  assert.equal(phone.page().data.note, '正在准备，请稍候')
  await phone.until((data) => data.component, 'ready')
  await phone.tap('navigator')
  assert.ok(phone.away)
})

test('WeChat refuses to open the component after a request', async () => {
  const { phone, prepareMemberCard, openMemberCard } = helper()
  await assert.rejects(openMemberCard(await prepareMemberCard()), refused('no_tap'))
  assert.equal(phone.away, null)
})

test('onReturn', async (t) => {
  const { phone, onReturn, componentAppId } = helper()
  for (const [name, options, want] of [
    ['no referrer', {}, 'elsewhere'],
    ['an empty referrer', { referrerInfo: {} }, 'elsewhere'],
    ['another mini program', { referrerInfo: { appId: 'wx0123456789abcdef', extraData: { activate_ticket: 't' } } }, 'elsewhere'],
    ['no extraData', { referrerInfo: { appId: componentAppId } }, 'not_activated'],
    ['empty extraData', { referrerInfo: { appId: componentAppId, extraData: {} } }, 'not_activated']
  ]) {
    await t.test(name, async () => assert.deepEqual(await onReturn(options), { state: want }))
  }
  assert.equal(phone.requests.length, 0)

  const options = { referrerInfo: { appId: componentAppId, extraData: { activate_ticket: 't1', card_id: member, code: '123' } } }
  await t.test('at the same time', async () => {
    phone.answers = [answer(200, { membership_number: '7' })]
    const [first, second] = await Promise.all([onReturn(options), onReturn(options)])
    assert.deepEqual(first, { state: 'activated', cardId: member, code: '123', answer: { membership_number: '7' }, repeated: false })
    assert.deepEqual(second, { ...first, repeated: true })
    assert.equal(phone.requests.length, 1)
  })
  await t.test('a failure is tried again when it comes again', async () => {
    const again = structuredClone(options)
    again.referrerInfo.extraData.activate_ticket = 't2'
    phone.answers = [answer(422, { reason: 'wechat_rejected', detail: 'WeChat refused what was asked', errcode: 72012, errmsg: 'expired' }), answer(200, 'done')]
    await assert.rejects(onReturn(again), (err) => refused('wechat_rejected')(err) && err.errcode === 72012 && err.message === '填写的资料已过期，请重新开卡')
    const back = await onReturn(again)
    assert.deepEqual([back.repeated, back.answer], [false, 'done'])
  })
})

test('some cards of several are added', async () => {
  const { phone, addCard, openCard } = helper()
  const { cardList } = await addCard({ card_id: [coupon, member] })
  cardList[1] = { ...cardList[1], isSuccess: false, code: '' }
  await openCard(cardList)
  assert.equal(phone.requests.at(-1).url, 'http://localhost:8080/wechat/openCard')
  assert.deepEqual(phone.requests.at(-1).data, { cardList })
  wx.addCard = ({ success }) => success({ errMsg: 'addCard:ok', cardList })
  assert.deepEqual((await addCard({ card_id: [coupon, member] })).cardList, cardList)
  wx.addCard = ({ success }) => success({ errMsg: 'addCard:ok', cardList: [cardList[1]] })
  await assert.rejects(addCard({ card_id: member }), refused('not_added'))
})

test('refusals of the gateway', async (t) => {
  const { phone, addCard, openCard } = helper()
  await t.test('problem document', () => assert.rejects(addCard({ card_id: 'pSomeOtherCard' }), (err) => {
    assert.match(err.detail, /pSomeOtherCard/)
    assert.equal(err.message, '这里不能领取这张卡券')
    return refused('card_not_allowed')(err)
  }))
  await t.test('field', () => assert.rejects(addCard({ openid: 'o3llN8qP2B9fUChWL90RvLVxKrA0' }), refused('field_not_allowed')))
  await t.test('code', () => assert.rejects(openCard([{ cardId: coupon, code: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAA' }]), (err) => {
    assert.equal(err.errcode, 40075)
    return refused('wechat_rejected')(err)
  }))
  for (const [name, given, reason] of [
    ['text that holds a problem document', answer(403, '{"reason":"card_not_allowed","detail":"d"}'), 'card_not_allowed'],
    ['a reason that nobody knows', answer(400, { reason: 'new_reason' }), 'new_reason'],
    ['a page', answer(502, '<html>'), 'unexpected_answer'],
    ['a page that looks well', answer(200, '<html>'), 'unexpected_answer'],
    ['nothing', answer(204, ''), 'unexpected_answer'],
    ['a list', answer(200, []), 'unexpected_answer'],
    ['null', answer(200, null), 'unexpected_answer'],
    ['no network', { errMsg: 'request:fail timeout' }, 'network'],
    ['a domain that is not listed', { errMsg: 'request:fail url not in domain list' }, 'domain_not_listed']
  ]) {
    await t.test(name, () => {
      phone.answers = [given]
      return assert.rejects(addCard(), refused(reason))
    })
  }
})

test('a busy WeChat is asked once more', async (t) => {
  const { phone, addCard, openCard } = helper()
  const { cardList } = await addCard({ card_id: coupon })
  const before = phone.requests.length
  await control('faults', { path: '/card/code/decrypt', times: 1, errcode: -1 })
  await openCard(cardList)
  assert.deepEqual(phone.requests.slice(before).map((r) => r.statusCode), [503, 200])

  const busy = (header) => answer(503, { reason: 'busy', detail: 'd' }, header)
  await t.test('once, and no more', async () => {
    phone.requests.length = 0
    phone.answers = [busy({ 'retry-after': '1' }), busy({ 'Retry-After': '3' })]
    await assert.rejects(openCard(cardList), (err) => refused('busy')(err) && err.retryAfter === 3)
    assert.equal(phone.requests.length, 2)
  })
  await t.test('not when it takes long', async () => {
    phone.requests.length = 0
    phone.answers = [busy({ 'Retry-After': '60' })]
    await assert.rejects(openCard(cardList), (err) => refused('busy')(err) && err.retryAfter === 60)
    assert.equal(phone.requests.length, 1)
  })
  await t.test('not when nobody says when', async () => {
    phone.requests.length = 0
    phone.answers = [busy({ 'Retry-After': 'Sat, 21 Nov 2026 00:00:00 GMT' })]
    await assert.rejects(openCard(cardList), (err) => refused('busy')(err) && !('retryAfter' in err))
    assert.equal(phone.requests.length, 1)
  })
})

test('refusals of the phone', async (t) => {
  const { addCard, problemOfPhone } = helper()
  const { addCard: real } = wx
  wx.addCard = ({ cardList: [card], ...rest }) => real({ ...rest, cardList: [{ ...card, cardExt: card.cardExt.replace(/"signature":"./, '"signature":"g') }] })
  await assert.rejects(addCard({ card_id: coupon }), refused('phone_signature'))
  for (const [errMsg, reason] of [
    ['addCard:fail cancel', 'cancelled'],
    ['addCard:fail 已领完', 'sold_out'],
    ['addCard:fail 卡券审核中', 'in_review'],
    ['addCard:fail 参数错误', 'phone_parameter'],
    ['openCard:fail', 'phone_refused'],
    ['navigateToMiniProgram:fail can only be invoked by user TAP gesture.', 'no_tap']
  ]) {
    await t.test(errMsg, () => refused(reason)(problemOfPhone(errMsg)))
  }
})

test('clients that lack an API', async () => {
  const { phone, addCard, openCard, openMemberCard } = helper({ without: ['addCard', 'openCard', 'navigateToMiniProgram', 'getAppBaseInfo'] })
  await assert.rejects(addCard(), refused('unsupported'))
  await assert.rejects(openCard([]), refused('unsupported'))
  await assert.rejects(openMemberCard({ appId: 'a', extraData: {} }), refused('unsupported'))
  assert.equal(phone.requests.length, 0)
})

test('the language of the phone', async () => {
  const { phone, addCard } = helper({ language: 'en' })
  await assert.rejects(addCard({ card_id: 'pSomeOtherCard' }), { message: 'This card is not handed out here.' })
  assert.equal(phone.requests[0].header['Accept-Language'], 'en')
})

test('every documented reason has its words', () => {
  const { messages, messageOf } = require(path.join(built, 'messages.js'))
  const page = fs.readFileSync(path.join(__dirname, '..', '..', '..', 'docs', 'reference', 'errors.md'), 'utf8')
  const table = page.split('\n## Reasons\n')[1].split('\n## ')[0]
  const reasons = [...table.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  assert.ok(reasons.length > 15)
  for (const reason of reasons) assert.ok(reason in messages, `messages.ts lacks ${reason}`)
  for (const [reason, texts] of Object.entries(messages)) {
    assert.equal(texts.length, 2, reason)
    assert.match(texts[0], /^[\p{Script=Han}，。；（）“”]+$/u)
    assert.match(texts[1], /^[\x20-\x7e’]+(\(使用完整服务\) first)?\.$|错误/) // the button's name is Chinese in any language
    assert.equal(messageOf('zh', reason), texts[0])
  }
})

test('the H5 page has the same words', async () => {
  const there = require(path.join(built, 'messages.js')).messages
  const text = fs.readFileSync(path.join(__dirname, '..', '..', 'h5', 'public', 'messages.js'), 'utf8')
  const { messages: here } = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  for (const [reason, texts] of Object.entries(here)) {
    if (reason in there) assert.deepEqual(texts, there[reason])
    else assert.ok(['config_refused', 'nothing_chosen'].includes(reason), reason)
  }
  for (const reason of Object.keys(there)) {
    assert.ok(reason in here || ['domain_not_listed', 'not_ready', 'no_tap', '72012'].includes(reason), reason)
  }
})

test('what the page names is there', () => {
  const phone = launch({ built, sandbox, moved })
  const page = phone.page()
  const wxml = fs.readFileSync(path.join(sources, 'pages/index/index.wxml'), 'utf8')
  const handlers = [...wxml.matchAll(/\bbind\w+="(\w+)"/g)].map(([, name]) => name)
  assert.equal(handlers.length, 7)
  for (const name of handlers) assert.equal(typeof page[name], 'function', name)
  for (const [, code] of wxml.matchAll(/\{\{([^}]*)\}\}/g)) {
    for (const [name] of code.replace(/'[^']*'/g, '').matchAll(/(?<![.\w])[a-zA-Z]\w*/g)) assert.ok(name in page.data, name)
  }
  assert.ok(phone.elements().some((e) => e.tag === 'button'))
})
