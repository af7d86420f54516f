-- What nginx with lua signs: a listed card with a random nonce, as add_card does. The ticket comes in $api_ticket.
local ffi = require 'ffi'
ffi.cdef 'int RAND_bytes(unsigned char *buf, int num);' -- of the OpenSSL that nginx has
local random = ffi.new('unsigned char[16]')

local listed = { pBench00000000000000000000001 = true }
local M = {}

local function hex(s)
  return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end))
end

function M.answer()
  local card = ngx.var.arg_card_id
  if not card or not listed[card] then
    return ngx.exit(403)
  end
  if ffi.C.RAND_bytes(random, 16) ~= 1 then
    return ngx.exit(500)
  end
  local nonce, now = hex(ffi.string(random, 16)), tostring(ngx.time())
  local parts = { ngx.var.api_ticket, now, card, nonce }
  table.sort(parts)
  local signature = hex(ngx.sha1_bin(table.concat(parts)))
  local body = '{"cardList":[{"cardId":"' .. card .. '","cardExt":"{\\"timestamp\\":\\"' .. now .. '\\",\\"nonce_str\\":\\"' ..
    nonce .. '\\",\\"signature\\":\\"' .. signature .. '\\"}"}]}'
  ngx.header['Content-Type'] = 'application/json'
  ngx.header['Content-Length'] = #body
  ngx.header['Cache-Control'] = 'no-store'
  ngx.print(body)
end

return M
