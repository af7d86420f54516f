'use strict'
// Uses two WeChat SDKs from npm, as they come, on a gateway. For each line on standard input it does what that says, and prints
// a line of JSON: what each SDK has seen. Usage: node sdk.js '{"appID", "secret", "gateway", "dir"}'
//   round    each calls the menu, if it can call anything, and signs a page
//   forget   each loses its cache, as when that has ended

const path = require('path')
const readline = require('readline')
const { OfficialAccount } = require('node-easywechat')
const { Wechat } = require('wechat-jssdk')

const { appID, secret, gateway, dir } = JSON.parse(process.argv[2])
const page = 'https://shop.example.com/?n=1'

// memory is the cache that node-easywechat is given, as its users do with one on Redis. It notes for how long values are kept.
const memory = {
  values: new Map(),
  lives: [],
  async has (key) { return this.values.has(key) },
  async get (key, otherwise = null) { return this.values.has(key) ? this.values.get(key) : otherwise },
  async set (key, value, life) { this.values.set(key, value); this.lives.push(life); return true },
  async delete (key) { return this.values.delete(key) },
  async clear () { this.values.clear(); return true }
}

const easywechat = new OfficialAccount({ app_id: appID, secret, http: { baseURL: gateway } })
easywechat.setCache(memory)

let files = 0
let jssdk
function openJSSDK () {
  jssdk = new Wechat({
    appId: appID,
    appSecret: secret,
    wechatRedirectUrl: 'http://127.0.0.1/back',
    accessTokenUrl: gateway + '/cgi-bin/token',
    ticketUrl: gateway + '/cgi-bin/ticket/getticket',
    storeOptions: { fileStorePath: path.join(dir, `store-${++files}.json`) }
  })
}
openJSSDK()

async function tried (what) {
  try {
    return await what()
  } catch (err) {
    return { error: `${err.name}: ${err.message}` }
  }
}

const commands = {
  async round () {
    return {
      'node-easywechat': await tried(async () => {
        const menu = (await easywechat.getClient().get('/cgi-bin/menu/get')).toObject()
        const signed = await easywechat.getUtils().buildJsSdkConfig(page, ['addCard'])
        return { token: await easywechat.getAccessToken().getToken(), menu, signed, lives: memory.lives }
      }),
      'wechat-jssdk': await tried(async () => {
        const signed = await jssdk.jssdk.getSignature(page, true)
        const { accessToken } = await jssdk.jssdk.prepareGlobalToken()
        return { token: accessToken, signed }
      })
    }
  },
  async forget () {
    await memory.clear()
    openJSSDK()
    return {}
  }
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  process.stdout.write(JSON.stringify(await commands[line]()) + '\n')
}).on('close', () => process.exit())
