import { createServer } from 'node:http'

// A real shop looks its sessions up. The openids are those of the mini program, which jscode2session told at log-in.
const sessions = new Map([['session=alice', 'oAliceInThisMiniProgram00000']])

const server = createServer((req, res) => {
  if (req.url === '/whoami') {
    const openid = sessions.get(req.headers.cookie)
    res.writeHead(openid ? 204 : 401, openid && { 'X-Mini-Openid': openid }).end()
    return
  }
  res.end('the shop, as ever\n')
})
server.listen(Number(process.env.BACKEND?.split(':')[1] ?? 3000), '127.0.0.1')
