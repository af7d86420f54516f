'use strict'
// A WeChat client around the mini program: what wx.* does in a phone, the sandbox's phone does here.

const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const sources = path.join(__dirname, '..', 'miniprogram')
const appId = 'wx8f2b6c1d9e4a7350'

/** Starts the compiled mini program in folder built, on a new user's phone of the sandbox. Requests go where moved(url) says. */
function launch ({ built, sandbox, moved = (url) => url, language = 'zh_CN', without = [] }) {
  const phone = { requests: [], answers: null, away: null, refuseNavigator: '' }
  const user = crypto.randomBytes(8).toString('hex')
  let whose // the mini program and the user's openid there
  let asked = true // whether a request was made since the user's tap: WeChat then opens no other mini program

  /** What WeChat calls the user in the mini program. */
  async function openID () {
    const asked = new URLSearchParams({ appid: appId, secret: 's', js_code: `${user}.1`, grant_type: 'authorization_code' })
    const res = await fetch(`${sandbox}/sns/jscode2session?${asked}`, { headers: { connection: 'close' } })
    return (await res.json()).openid
  }

  async function client (call, body = {}) {
    whose ??= openID().then((openid) => new URLSearchParams({ appId, openid }))
    const res = await fetch(`${sandbox}/_sandbox/phone/${call}?${await whose}`, { method: 'POST', body: JSON.stringify(body), headers: { connection: 'close' } })
    return res.json()
  }

  /** Makes an API of wx out of what asks for its result. */
  const api = (run) => ({ success = () => {}, fail = () => {}, complete = () => {}, ...options }) => {
    run(options).catch((err) => ({ errMsg: `fail ${err.message}` })).then((res) => {
      if (/:ok$/.test(res.errMsg)) success(res)
      else fail({ errMsg: res.errMsg }) // a phone says no more than that
      complete(res)
    })
  }

  async function request ({ url, method = 'GET', data, header }) {
    asked = true
    const made = { url, method, data, header }
    phone.requests.push(made)
    const given = phone.answers?.shift()
    if (given) return given
    const res = await fetch(moved(url), { method, body: JSON.stringify(data), headers: { ...header, connection: 'close' } })
      .catch(() => null)
    if (!res) return { errMsg: 'request:fail' }
    const text = await res.text()
    made.statusCode = res.status
    let parsed = text
    try { parsed = JSON.parse(text) } catch {}
    return { errMsg: 'request:ok', statusCode: res.status, header: Object.fromEntries(res.headers), data: parsed }
  }

  async function navigate ({ appId, extraData }) {
    const shown = await client('showComponent', { appId, extraData, afterRequest: asked })
    if (/:ok$/.test(shown.errMsg)) phone.away = { appId, extraData }
    return shown
  }

  const wx = {
    request: api(request),
    login: api(() => client('login')),
    addCard: api((options) => {
      phone.added = options
      return client('addCard', options)
    }),
    openCard: api((options) => client('openCard', options)),
    navigateToMiniProgram: api(navigate),
    getAppBaseInfo: () => ({ language }),
    canIUse: (name) => name === 'navigator.target.miniProgram' && !without.includes(name)
  }
  for (const name of without) delete wx[name]

  let app, page
  Object.assign(globalThis, {
    wx,
    App: (options) => { app = options },
    getApp: () => app,
    Page: (options) => {
      page = { ...options, data: structuredClone(options.data), setData (more) { Object.assign(page.data, more) } }
    }
  })
  for (const name of Object.keys(require.cache)) if (name.startsWith(built)) delete require.cache[name]
  require(path.join(built, 'app.js'))
  const pages = JSON.parse(fs.readFileSync(path.join(sources, 'app.json'))).pages
  require(path.join(built, `${pages[0]}.js`))
  const wxml = fs.readFileSync(path.join(sources, `${pages[0]}.wxml`), 'utf8')

  /** The page's elements that are shown: their attributes, with what stands in {{}} worked out. */
  function elements () {
    let shown = true // what the last wx:if said
    return [...wxml.replace(/<!--.*?-->/gs, '').matchAll(/<([a-z]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*>/g)].flatMap(([, tag, text]) => {
      const attributes = new Map([...text.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name, value ?? 'true']))
      if (attributes.has('wx:if')) shown = Boolean(evaluate(attributes.get('wx:if')))
      else if (attributes.has('wx:else')) shown = !shown
      else shown = true
      if (!shown) return []
      return [{ tag, ...Object.fromEntries([...attributes].map(([name, value]) => [name, evaluate(value)])) }]
    })
  }

  function evaluate (text) {
    const [, code] = /^\{\{(.*)\}\}$/.exec(text) ?? []
    return code === undefined ? text : Function('data', `with (data) { return ${code} }`)(page.data)
  }

  Object.assign(phone, {
    page: () => page,
    /** Waits until the page looks like something. */
    async until (looks, what) {
      for (let n = 0; !looks(page.data); n++) {
        if (n > 500) throw new Error(`the page never looked like ${what}: ${JSON.stringify(page.data)}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    /** The mini program comes to the front. */
    show (options = {}) {
      app.onShow(options)
      page.onShow()
    },
    start () {
      app.onLaunch()
      phone.show()
    },
    /** The user taps the button whose handler is named, or the navigator. */
    async tap (name) {
      asked = false
      const element = elements().find((e) => name === 'navigator' ? e.tag === name : e.bindtap === name)
      if (!element) throw new Error(`there is nothing to tap: ${name}`)
      if (element.disabled) throw new Error(`${name} is disabled`)
      if (name !== 'navigator') return page[name]()
      const res = phone.refuseNavigator
        ? { errMsg: `navigateToMiniProgram:fail ${phone.refuseNavigator}` }
        : await navigate({ appId: element['app-id'], extraData: element['extra-data'] })
      const handler = /:ok$/.test(res.errMsg) ? element.bindsuccess : element.bindfail
      page[handler]({ detail: { errMsg: res.errMsg } })
    },
    /** The user taps the button that asks for his phone number, and agrees, or does not. */
    async givePhoneNumber (agrees = true) {
      const { bindgetphonenumber: handler } = elements().find((e) => e['open-type'] === 'getPhoneNumber')
      const detail = agrees ? await client('getPhoneNumber') : { errMsg: 'getPhoneNumber:fail user deny' }
      return page[handler]({ detail })
    },
    openID: async () => (await whose).get('openid'),
    client,
    /** The user submits the component's form. Gives what App.onShow is to be told, once or more often. */
    async submit (form) {
      const res = await client('openComponent', { ...phone.away, form })
      if (!/:ok$/.test(res.errMsg)) throw new Error(JSON.stringify(res))
      phone.away = null
      return { referrerInfo: res.referrerInfo }
    },
    elements
  })
  return phone
}

module.exports = { launch, sources }
