'use strict'
// Loads what uni-app made of the helper, with a wx in WeChat's place: it asks the gateway and passes the answer on as it is.

const assert = require('node:assert/strict')
const path = require('node:path')
const test = require('node:test')

const built = path.join(__dirname, '..', 'dist', 'build', 'mp-weixin')

test('the helper asks the gateway and calls wx.addCard', async () => {
  const asked = []
  const answer = { cardList: [{ cardId: 'pSandboxCoupon00000000000001', cardExt: '{"timestamp":"1"}' }] }
  globalThis.wx = {
    getAppBaseInfo: () => ({ language: 'zh_CN' }),
    getSystemInfoSync: () => ({ SDKVersion: '3.0.0', platform: 'devtools', language: 'zh_CN' }),
    canIUse: () => true,
    getLaunchOptionsSync: () => ({}),
    onAppShow () {},
    request: ({ url, data, success }) => { asked.push([url, data]); success({ statusCode: 200, data: answer, header: {} }) },
    addCard: ({ success, cardList }) => { asked.push(cardList); success({ errMsg: 'addCard:ok', cardList: [{ ...cardList[0], isSuccess: true }] }) },
  }
  for (const name of ['App', 'Page', 'Component', 'Behavior']) globalThis[name] = () => {}
  globalThis.getApp = () => ({})
  globalThis.getCurrentPages = () => []
  const helper = require(path.join(built, 'wechat-card.js'))
  helper.configure({ gateway: 'https://shop.example.com/wechat/' })
  const added = await helper.addCard({ outer_str: 'shop-7' })
  assert.equal(added.cardList[0].isSuccess, true)
  assert.deepEqual(asked, [['https://shop.example.com/wechat/addCard', { outer_str: 'shop-7' }], answer.cardList])
})

test('the pages are there', () => {
  assert.deepEqual(require(path.join(built, 'app.json')).pages, ['pages/index/index'])
})
