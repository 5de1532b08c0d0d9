-- Let the adviser who was asked about a call have it; who has asked wraps it up.
--
-- KEYS   call adviser asked other holds
-- ARGV   call adviser token asked other other_token closed_kept_s
-- GIVES  {"handed"} | {"old"}
--
-- `asked` is the consultation, which is closed: its token goes over to the call. The node may have
-- reported that before. Once the call's talk is over it changes nothing.
local call_key, adviser_key, asked_key, other_key, holds = unpack(KEYS)
local call, adviser, token, asked, other, other_token, closed_kept_s = unpack(ARGV)

local who, here = unpack(redis.call('HMGET', call_key, 'adviser', 'token'))
local is_first = who == adviser and here == token
if not is_first and (who ~= other or here ~= other_token) then return {'old'} end
redis.call('HSET', call_key, 'state', 'talking', 'adviser', other, 'token', other_token,
  'doubts', '0')

local with, held = unpack(redis.call('HMGET', other_key, 'call', 'token'))
if with == asked and held == other_token then
  redis.call('HSET', other_key, 'state', 'talking', 'call', call, 'doubts', '0')
end

local count, nonce = unpack(redis.call('HMGET', asked_key, 'count', 'nonce'))
redis.call('DEL', asked_key)
redis.call('HSET', asked_key, 'state', 'closed', 'count', count or '0', 'nonce', nonce or '',
  'ending', 'handled')
redis.call('EXPIRE', asked_key, closed_kept_s)
redis.call('SREM', holds, asked)

local presence, bound, its = unpack(redis.call('HMGET', adviser_key, 'state', 'call', 'token'))
if presence == 'talking' and bound == call and its == token then
  local now = redis.call('TIME')
  redis.call('HSET', adviser_key, 'state', 'wrap_up', 'doubts', '0', 'sent', '1',
    'since_ms', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
end
return {'handed'}
