'use strict'
// Loaded before a program (node -r), leads its connections to api.weixin.qq.com to the port of this machine that GATEWAY_TLS
// names. It does for a test what a line in /etc/hosts and a Caddy on port 443 do for a machine.

const https = require('https')

const connect = https.Agent.prototype.createConnection
https.Agent.prototype.createConnection = function (options, ...rest) {
  if (options.host === 'api.weixin.qq.com') {
    options = { ...options, host: '127.0.0.1', port: Number(process.env.GATEWAY_TLS) } // servername stays
  }
  return connect.call(this, options, ...rest)
}
