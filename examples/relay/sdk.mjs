// What SDKs do, in short: a token, a ticket, a signature, a call. All that was changed is the address, and the secret.
import { createHash, randomUUID } from 'node:crypto'

const api = process.env.GATEWAY ?? 'http://127.0.0.1:8080'
const ask = async (path, options) => {
  const answer = await (await fetch(api + path, options)).json()
  if (answer.errcode) throw new Error(`${answer.errcode} ${answer.errmsg}`)
  return answer
}

const { access_token } = await ask('/cgi-bin/token?' + new URLSearchParams({
  grant_type: 'client_credential', appid: 'wx5a6d8b2c4e1f3a70', secret: process.env.GATEWAY_KEY,
}))
const { ticket } = await ask('/cgi-bin/ticket/getticket?' + new URLSearchParams({ access_token, type: 'wx_card' }))

const cardId = 'pSandboxCoupon00000000000001'
await ask('/card/get?access_token=long-dead', { method: 'POST', body: JSON.stringify({ card_id: cardId }) })

const timestamp = String(Math.floor(Date.now() / 1000)), nonce_str = randomUUID().replaceAll('-', '')
const signature = createHash('sha1').update([ticket, timestamp, nonce_str, cardId].sort().join('')).digest('hex')
console.log(JSON.stringify({ cardList: [{ cardId, cardExt: JSON.stringify({ timestamp, nonce_str, signature }) }] }))
