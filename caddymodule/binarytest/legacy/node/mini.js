'use strict'
// Uses co-wechat-api as it comes as the SDK of a mini program, on a gateway that lends the mini program's token and relays its calls:
// before and after WeChat has ended that token. It knows a key of the gateway's, not the app secret. Prints what it saw as JSON.
// Usage: node mini.js '{"appID", "secret", "key", "gateway", "sandbox"}'

const CoWechatAPI = require('co-wechat-api')

const { appID, secret, key, gateway, sandbox } = JSON.parse(process.argv[2])
const api = new CoWechatAPI(appID, key)
api.prefix = `${gateway}/cgi-bin/`
api.wxaPrefix = `${gateway}/wxa/`

async function control (path, body) {
  const res = await fetch(sandbox + path, { method: body && 'POST', body: body && JSON.stringify(body), headers: { connection: 'close' } })
  return res.json()
}

const isPicture = (buffer) => buffer.subarray(1, 4).toString() === 'PNG'

async function main () {
  const { openid } = await control(`/sns/jscode2session?appid=${appID}&secret=${secret}&js_code=alice.1&grant_type=authorization_code`)
  const seen = { pictures: [], sent: [], tokens: [] }
  for (const round of [1, 2]) {
    seen.tokens.push((await api.ensureAccessToken()).accessToken)
    seen.pictures.push(isPicture(await api.getWXACodeUnlimit(`shop=${round}`, 'pages/index/index')), isPicture(await api.createWXAQRCode('pages/index/index')))
    await control(`/_sandbox/phone/requestSubscribeMessage?appId=${appID}&openid=${openid}`, { tmplIds: ['t1'] })
    for (const value of ['卡券到账', '再发一条']) {
      const sent = await api.sendSubscribeMessage(openid, 't1', 'pages/index/index', { thing1: { value } }).catch((err) => err)
      seen.sent.push(sent.code ?? sent.errcode)
    }
    await new Promise((resolve) => setTimeout(resolve, 2100)) // the least age at which a gateway tells tokens apart
    await control('/_sandbox/revoke', { app_id: appID })
  }
  console.log(JSON.stringify(seen))
}

main()
