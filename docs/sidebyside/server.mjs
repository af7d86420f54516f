// A Node server that signs with the npm package co-wechat-api, as its README shows.
// Usage: node server.mjs <port> <base URL of WeChat's API>
import http from 'node:http'
import WechatAPI from 'co-wechat-api'

const [port, base] = process.argv.slice(2)
const api = new WechatAPI('wx5a6d8b2c4e1f3a70', 'secret')
api.prefix = `${base}/cgi-bin/`

http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost')
  const cardId = url.searchParams.get('card_id')
  const cardExt = await api.getCardExt({ card_id: cardId })
  const body = JSON.stringify({ cardList: [{ cardId, cardExt: JSON.stringify(cardExt) }] })
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  res.end(body)
}).listen(Number(port), '127.0.0.1')
